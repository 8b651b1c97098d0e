"""Months in minutes: `python benchmarks/soak.py [--frames N]` reads frames as fast as it goes, with faults among them.

The real loop, model, tracker, metrics and live page (which nobody looks at, then somebody), a camera that vanishes and
comes back, outputs that fail, models that are loaded anew, noise, darkness and crowds. Memory, threads and descriptors
are told as it goes; at the end, how much they have grown since the first tenth of the frames, at most 10,000.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge_app.assemble import build_reader, reload_reader
from edge_app.bench_pages import crops_to_draw, draw_page
from edge_app.config import load_config
from edge_app.connect import Controls, build_observers
from edge_app.devices.cameras.fake import FakeCamera
from edge_app.errors import CameraError, OutputError
from edge_app.frames import Moment, UInt8
from edge_app.memory import keep_loaded
from edge_app.outputs.logfile import LogFile
from edge_app.protocols import Camera, Command
from edge_app.reloads import Reloads
from edge_app.requests import Requests
from edge_app.service import LoopSettings, Service
from edge_app.verified import open_model

SIZE_WH = (320, 240)
TOLD_EVERY = 20  # times
SETTLED_FRAMES = 10_000
CAMERA_LIVES = 5_000  # frames until the camera vanishes
UNIT_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}  # as systemd/edge-digits.service has it
RELOAD_EVERY = 5_000  # so that the first ones, which warm things up, come before anything is compared
LOOK_EVERY = 2_500


class Failing:
    """An output that fails after a while."""

    name, wants_overlay = "failing", False

    def __init__(self, after: int) -> None:
        self._left = after

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        self._left -= 1
        if self._left == 0:
            raise OutputError("as planned")
        return None

    def close(self) -> None:
        pass


def pictures(crops: UInt8, chance: random.Random) -> Iterator[UInt8]:
    """Pages that stay for a while, between them what a camera also sees."""
    generator = np.random.default_rng(1)
    drawn = [draw_page(SIZE_WH, number % 7, np.roll(crops, 7 * number, axis=0)) for number in range(140)]
    while True:
        page = chance.choice(drawn)
        kind = chance.randrange(8)
        if kind == 0:
            page = generator.integers(0, 256, page.shape, dtype=np.uint8)
        elif kind == 1:
            page = np.zeros_like(page)
        elif kind == 2:
            page = np.asarray(cv2.GaussianBlur(page, (0, 0), 4), dtype=np.uint8)
        for _ in range(1 if kind == 0 else 12):
            yield page


def figures() -> dict[str, int]:
    """Of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "rss_kib": pages * os.sysconf("SC_PAGESIZE") // 1024,
        "threads": threading.active_count(),
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
    }


def soak(frames: int, folder: Path) -> dict[str, object]:
    flags = {("web", "enabled"): "on", ("web", "port"): "0", ("model", "store"): str(folder)}
    loaded = load_config(environ={}, flags=flags)
    model = open_model(loaded.config)
    crops = crops_to_draw(model.bundle)
    chance = random.Random(7)
    endless = pictures(crops, chance)
    told: list[dict[str, int]] = []
    began_s = time.monotonic()
    reloads, requests = Reloads(lambda: reload_reader(loaded)), Requests()
    observers = build_observers(loaded, Controls(requests, reloads.request))
    page = observers[-1]

    def open_camera() -> Camera:
        if chance.random() < 0.3:
            raise CameraError("not yet back")
        lives = chance.randrange(1, 2 * CAMERA_LIVES)
        script = (next(endless) if number < lives else CameraError("unplugged") for number in range(lives + 1))
        return FakeCamera(script, sleep=None)

    class Diary:
        name, wants_overlay = "diary", False

        def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
            read = service.summary.frames
            # Before what follows: for a moment there are two models, and a page.
            if read in (settled, *range(0, frames, max(1, frames // TOLD_EVERY))) and read:
                told.append({"frames": read} | figures())
                print(json.dumps(told[-1] | {"fps": round(read / (time.monotonic() - began_s))}), file=sys.stderr)
            if read % RELOAD_EVERY == 0:
                reloads.request()
            if read % LOOK_EVERY == 0:
                url = f"http://127.0.0.1:{page.wait_until_listening(10)}/"  # type: ignore[attr-defined]
                for path in ("", "snapshot.jpg", "layers/crops.png", "metrics", "api/history"):
                    urllib.request.urlopen(url + path, timeout=30).read()
            if read >= frames:
                service.request_stop()
            return None

        def close(self) -> None:
            pass

    settled = min(SETTLED_FRAMES, frames // 10)
    log = LogFile(folder / "readings.csv", 100_000, 2)
    service = Service(
        open_camera, build_reader(loaded.config, model), [Diary(), log, Failing(frames // 3)],
        LoopSettings(retry_max_s=0.05, summary_s=0), reloads=reloads, observers=observers, requests=requests,
    )  # fmt: skip
    keep_loaded()  # as a run does before its first frame
    summary = service.run()
    first, last = next(row for row in told if row["frames"] == settled), {"frames": summary.frames} | figures()
    return {
        "frames": summary.frames, "seconds": round(time.monotonic() - began_s), "camera lost": summary.camera_losses,
        "published": summary.publications, "dropped": summary.dropped, "reloads": reloads.state.done,
        "settled": first, "rss growth KiB": told[-1]["rss_kib"] - first["rss_kib"],
        "threads gained": told[-1]["threads"] - first["threads"],
        "descriptors gained": told[-1]["descriptors"] - first["descriptors"], "at the end": last,
    }  # fmt: skip


def main() -> None:
    import edge_app.service

    edge_app.service.FIRST_RETRY_S = 0.001  # a camera that vanishes costs no waiting here
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=500_000, help="default: 500,000")
    args = parser.parse_args()
    if not UNIT_ENVIRONMENT.items() <= os.environ.items():  # the C library reads it at its start
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | UNIT_ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(soak(args.frames, Path(folder))))


if __name__ == "__main__":
    main()
