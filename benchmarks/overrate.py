"""A camera faster than the machine: `python benchmarks/overrate.py [--fps 240] [--minutes 10]`.

Minute by minute: how old a reading is once it is there, in the time that one reading takes, and whether as many frames
were left out as there were too many. Neither may grow.
"""

import argparse

from edge_app.bench_pages import Bench, crops_to_draw, time_latency
from edge_app.build import build_pipeline
from edge_app.config import load_config
from edge_app.verified import open_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fps", type=float, default=240.0, help="of the camera (default: 240)")
    parser.add_argument("--minutes", type=int, default=10, help="default: 10")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of them (default: 60)")
    args = parser.parse_args()
    config = load_config(environ={}).config
    model = open_model(config)
    bench = Bench(build_pipeline(config, model), model.interpreter, crops_to_draw(model.bundle))
    for minute in range(1, args.minutes + 1):
        row = time_latency(bench, args.fps, args.seconds)
        frames = round(args.fps * args.seconds)
        print(
            f"{minute}: of {frames} frames {row['read']} read and {row['dropped']} left out; a reading takes "
            f"{row['processing_ms']:.1f} ms and is {row['age_median_ms']:.1f} ms old "
            f"(99 %: {row['age_p99_ms']:.1f}), {row['in_processing_times']:.2f} times that",
            flush=True,
        )


if __name__ == "__main__":
    main()
