"""Runs inside RapidOCR's own virtual environment: picture paths in, a line of JSON for each out.

It imports nothing of this project, whose dependencies are not there.
"""

import json
import sys
import time


def main() -> int:
    """Reads each picture of the command line."""
    from rapidocr import RapidOCR  # type: ignore[import-not-found, unused-ignore]

    engine = RapidOCR()
    for file in sys.argv[1:]:
        start = time.perf_counter()
        said = engine(file)
        milliseconds = (time.perf_counter() - start) * 1e3
        texts = []
        for text, corners in zip(said.txts or (), said.boxes if said.boxes is not None else (), strict=True):
            left, top = corners.min(axis=0)
            right, bottom = corners.max(axis=0)
            texts.append((text, [round(float(side)) for side in (left, top, right - left, bottom - top)]))
        print(json.dumps({"texts": texts, "milliseconds": milliseconds}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
