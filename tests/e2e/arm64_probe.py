"""Run on the other processor: what each of its runtimes answers to crops, and what a picture says there.

python3 arm64_probe.py FOLDER: crops.npy and picture.png in, answers.json and RUNTIME.npy out. The imports are in the
function since pytest looks into every file for doctests.
"""

import sys


def main(name: str) -> None:
    """Answers for all runtimes that are installed."""
    import json
    import platform
    from pathlib import Path

    import cv2
    import numpy as np

    from edge_app.bundle import embedded_bundle_path, load_bundle
    from edge_app.devices.interpreters import open_interpreter
    from edge_app.errors import InterpreterError
    from edge_app.frames import Frame
    from edge_app.pipeline import Pipeline, ReadSettings
    from edge_app.stages.quantize import quantize, quantize_table

    folder = Path(name)
    bundle = load_bundle(embedded_bundle_path())
    crops, picture = np.load(folder / "crops.npy"), cv2.imread(str(folder / "picture.png"), cv2.IMREAD_GRAYSCALE)
    runtimes: dict[str, list[str]] = {}
    for runtime in ("tflite", "litert"):
        try:
            interpreter = open_interpreter(bundle.model_path, runtime=runtime)
        except InterpreterError as error:
            if "cannot be imported" not in str(error):
                raise
            continue
        np.save(folder / f"{runtime}.npy", interpreter.invoke(quantize(crops, quantize_table(interpreter.input))))
        settings = ReadSettings(bundle.manifest.thresholds.confidence)
        said = Pipeline(interpreter, settings).read(Frame(picture, 0, 0))
        runtimes[runtime] = [reading.text for reading in said.readings]
        interpreter.close()
    told = {"machine": platform.machine(), "python": platform.python_version(), "runtimes": runtimes}
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
