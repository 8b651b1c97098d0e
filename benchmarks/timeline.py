"""What runs at the same time: `python benchmarks/timeline.py [--picture timeline.png]`.

Plays the sample clip as a live camera would, with somebody looking at the live page, and notes when each thread takes a
picture, reads one, and encodes one for the page. Where a thread works while another one does, their bars overlap, which
they can since OpenCV and the interpreter let go of Python's lock.
"""

import argparse
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge_app.assemble import build_reader
from edge_app.config import load_config
from edge_app.connect import Controls, build_observers
from edge_app.devices.cameras import embedded_clip_path
from edge_app.devices.cameras.newest import NewestFrame
from edge_app.devices.cameras.opencv import open_video
from edge_app.frames import Frame
from edge_app.reloads import Reloads
from edge_app.requests import Requests
from edge_app.service import LoopSettings, Service
from edge_app.verified import open_model

FPS = 30.0
SHOWN_S = 0.5
ROWS = ("capture", "read", "encode")
Span = tuple[str, float, float]


class Recorder:
    """Notes when what began and ended."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            began_s = time.monotonic()
            try:
                return call(*arguments)
            finally:
                self.spans.append((name, began_s, time.monotonic()))

        return noted


class LiveClip:
    """The sample clip at its own pace, as a camera that is live."""

    name, live, fps = "clip", True, FPS

    def __init__(self, recorder: Recorder) -> None:
        self._video = open_video(embedded_clip_path())
        self._decode = recorder.around("capture", self._video.read)
        self._due_s = time.monotonic()

    def read(self) -> Frame | None:
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._due_s += 1 / FPS
        frame: Frame | None = self._decode()
        return None if frame is None else replace(frame, timestamp_ns=time.monotonic_ns())

    def close(self) -> None:
        self._video.close()


def record() -> list[Span]:
    """All spans of the clip."""
    recorder = Recorder()
    loaded = load_config(environ={}, flags={("web", "enabled"): "on", ("web", "port"): "0"})
    reader = build_reader(loaded.config, open_model(loaded.config))
    reader.pipeline.read = recorder.around("read", reader.pipeline.read)  # type: ignore[method-assign]
    observers = build_observers(loaded, Controls(Requests(), lambda: None))
    page: Any = observers[-1]
    page._board.picture = recorder.around("encode", page._board.picture)
    threading.Thread(target=_look, args=(page.wait_until_listening(10),), daemon=True).start()
    camera = NewestFrame(LiveClip(recorder))
    settings = LoopSettings(retry_camera=False, summary_s=0)
    Service(lambda: camera, reader, [], settings, reloads=Reloads(), observers=observers).run()
    return recorder.spans


def _look(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while client.recv(1 << 18):
            pass


def overlap(spans: list[Span], one: str, other: str) -> float:
    """Share of one's time during which the other was under way, too."""
    busy = [(began_s, ended_s) for name, began_s, ended_s in spans if name == other]
    mine = [(began_s, ended_s) for name, began_s, ended_s in spans if name == one]
    shared = sum(max(0.0, min(end, ended_s) - max(start, began_s)) for start, end in mine for began_s, ended_s in busy)
    return shared / sum(end - start for start, end in mine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, help=f"write {SHOWN_S:g} s of it into a picture")
    args = parser.parse_args()
    spans = record()
    for name in ROWS:
        taken = [end - start for row, start, end in spans if row == name]
        print(f"{name}: {len(taken)} times, {1e3 * sum(taken) / len(taken):.1f} ms each")
    for one in ("capture", "encode"):
        print(f"of the time of {one}, a frame was being read during {overlap(spans, one, 'read'):.0%}")
    if args.picture:
        plot(spans, args.picture)


def plot(spans: list[Span], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    middle_s = sorted(start for _, start, _ in spans)[len(spans) // 2]
    figure, axis = pyplot.subplots(figsize=(10, 2.4), layout="constrained")
    for row, (name, colour) in enumerate(zip(ROWS, ("#e69f00", "#0b5f99", "#009e73"), strict=True)):
        bars = [(1e3 * (start - middle_s), 1e3 * (end - start)) for of, start, end in spans if of == name]
        axis.broken_barh(bars, (row - 0.35, 0.7), color=colour)
    axis.set(yticks=range(len(ROWS)), yticklabels=ROWS, xlim=(0, 1e3 * SHOWN_S), xlabel="ms")
    axis.invert_yaxis()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
