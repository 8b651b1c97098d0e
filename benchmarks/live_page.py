"""What the live page costs the loop, and how late it shows: `python benchmarks/live_page.py [--json]`.

Runs the real app on its drawn camera, with clients in a process of their own on loopback, for some seconds each:
frames a second with nobody, one and twenty looking, as ratios to a run without the page; processor time with nobody
looking; and, where Chromium and its driver are installed, how soon the first picture is seen, and how long after its
reading a frame is.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 5.0
ROUNDS = 3  # each case in turn, so that a busy spell of the machine falls on all of them
NUMBERS = "fake:407 12 589"
WATCHED_FPS = 30.0

# Notes, in the page, how long after its reading each frame is on the screen.
NOTE_DELAYS = """
window.delays = []; let last = null;
(function note() {
  const turn = state.turns.get(state.shown);
  if (turn && state.shown !== last) {
    last = state.shown;
    window.delays.push(Date.now() - Date.parse(turn.readings.timestamp));
    window.first ??= performance.now();
  }
  requestAnimationFrame(note);
})();
"""


@dataclass(frozen=True)
class Cost:
    """Of one case: frames a second, and processor seconds a frame."""

    fps: float
    cpu_ms: float


class App:
    """The app as a process of its own."""

    def __init__(self, folder: Path, fps: float, page: bool) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._control = folder / "control.sock"
        flags = [f"--set=web.port={self.port}", f"--set=camera.fps={fps}", f"--set=service.control={self._control}"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge_app", "run", "--camera", NUMBERS, "--window", "off", "--store", str(folder),
             "--web", "on" if page else "off", *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._control.exists() or self.frames() < 20:
            time.sleep(0.05)

    def frames(self) -> int:
        from edge_app.control import ask

        return int(ask(self._control).get("frames", 0))

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cost(self, seconds: float) -> Cost:
        frames, cpu_s, began_s = self.frames(), self.cpu_s(), time.monotonic()
        time.sleep(seconds)
        read = self.frames() - frames
        return Cost(read / (time.monotonic() - began_s), 1e3 * (self.cpu_s() - cpu_s) / max(read, 1))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def running(fps: float, page: bool = True) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), fps, page)
        try:
            yield app
        finally:
            app.stop()


def look(port: int, lookers: int) -> None:
    """Takes the stream on so many connections, until it is ended."""
    import selectors

    selector = selectors.DefaultSelector()
    for _ in range(lookers):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.setblocking(False)
        selector.register(client, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            key.fileobj.recv(1 << 18)  # type: ignore[union-attr]


def cost(fps: float, page: bool, lookers: int, seconds: float) -> Cost:
    with running(fps, page) as app:
        if not lookers:
            return app.cost(seconds)
        client = multiprocessing.get_context("spawn").Process(target=look, args=(app.port, lookers), daemon=True)
        client.start()
        time.sleep(1.0)
        try:
            return app.cost(seconds)
        finally:
            client.terminate()


def costs(seconds: float) -> dict[str, Any]:
    """Ratios to the same loop without the page: as fast as it goes, and at a camera's pace."""
    cases = {"no page": (False, 0), "nobody": (True, 0), "one": (True, 1), "twenty": (True, 20)}
    told: dict[str, Any] = {}
    for pace, fps in (("free", 1000.0), ("30 fps", WATCHED_FPS)):
        seen: dict[str, list[Cost]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, (page, lookers) in cases.items():
                seen[name].append(cost(fps, page, lookers, seconds))
        best = {name: Cost(max(c.fps for c in runs), min(c.cpu_ms for c in runs)) for name, runs in seen.items()}
        base = best["no page"]
        for name, of in best.items():
            told[f"{pace}, {name}"] = {
                "fps": round(of.fps, 1), "fps ratio": round(of.fps / base.fps, 3),
                "cpu ms a frame": round(of.cpu_ms, 2), "cpu ratio": round(of.cpu_ms / base.cpu_ms, 3),
            }  # fmt: skip
    return told


def delays() -> dict[str, float] | None:
    """As a person sees it in Chromium; None where there is none."""
    driver = shutil.which("chromedriver")
    if driver is None:
        return None
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    with running(WATCHED_FPS) as app:
        browser = webdriver.Chrome(options=options, service=Service(driver))
        try:
            browser.get(f"http://127.0.0.1:{app.port}/")
            browser.execute_script(NOTE_DELAYS)
            time.sleep(SECONDS)
            first_ms, waited_ms = browser.execute_script("return [window.first, window.delays]")
        finally:
            browser.quit()
    period_ms = 1e3 / WATCHED_FPS
    return {
        "first picture ms": round(first_ms),
        "frames shown a second": round(len(waited_ms) / SECONDS, 1),
        "after its reading, median ms": statistics.median(waited_ms),
        "in frames": round(statistics.median(waited_ms) / period_ms, 2),
        "95 % ms": statistics.quantiles(waited_ms, n=20)[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the figures as one line of JSON")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each case (default: {SECONDS:g})")
    args = parser.parse_args()
    figures = {"browser": delays(), "cost": costs(args.seconds)}
    if args.json:
        print(json.dumps(figures))
        return
    for name, row in (figures["browser"] or {}).items():
        print(f"{name:32}{row}")
    for name, row in figures["cost"].items():
        print(f"{name:20}", "  ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
