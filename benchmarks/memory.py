"""What memory the app takes: `python benchmarks/memory.py [--seconds 12]`.

`edge-app run` as a user starts it, in a process of its own: the sample clip of 640x480 without the live page, and a
clip of 1920x1080 with it and with somebody who looks. The peak is what the kernel counts (VmHWM).
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import cv2
import numpy as np

from edge_app.bench_pages import crops_to_draw, draw_page
from edge_app.bundle import embedded_bundle_path, load_bundle

LARGE_WH, DIGITS, PAGES, FRAMES_A_PAGE = (1920, 1080), 40, 5, 60
START_S = 30.0


def write_clip(file: Path) -> None:
    """Pages of 40 digits, each for two seconds."""
    crops = crops_to_draw(load_bundle(embedded_bundle_path()))
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 30, LARGE_WH)
    for number in range(PAGES):
        page = cv2.cvtColor(draw_page(LARGE_WH, DIGITS, np.roll(crops, number, axis=0)), cv2.COLOR_GRAY2BGR)
        for _ in range(FRAMES_A_PAGE):
            writer.write(page)
    writer.release()


def peak_mib(camera: str, watched: bool, seconds: float) -> float:
    """Of the app that reads a file again and again, once it has run for a while."""
    port = free_port()
    web = ["--web", "on", "--set", f"web.port={port}"] if watched else ["--no-web"]
    command = [sys.executable, "-m", "edge_app", "run", "--camera", camera, "--loop", "--window", "off", *web]
    app = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if watched:
            look(port, seconds)
        else:
            time.sleep(seconds)
        peak = next(line for line in Path(f"/proc/{app.pid}/status").read_text().splitlines() if "VmHWM" in line)
        return int(peak.split()[1]) / 1024
    finally:
        app.terminate()
        app.wait()


def free_port() -> int:
    """On loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def look(port: int, seconds: float) -> None:
    """Takes the stream of the live page, as a browser does."""
    url, until_s = f"http://127.0.0.1:{port}/stream.mjpg", time.monotonic() + START_S
    while True:
        try:
            stream = urllib.request.urlopen(url, timeout=10)
            break
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.2)
    with stream:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            stream.read(65536)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0, help="that each runs (default: 12)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "large.mp4"
        write_clip(clip)
        print(f"640x480, nobody looks: peak {peak_mib('clip', False, args.seconds):.0f} MiB")
        print(f"1920x1080, watched: peak {peak_mib(str(clip), True, args.seconds):.0f} MiB")


if __name__ == "__main__":
    main()
