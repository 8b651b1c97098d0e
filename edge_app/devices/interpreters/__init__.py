"""A model file and a few choices in, an `edge_app.protocols.Interpreter` out."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from edge_app.devices.interpreters import tflite
from edge_app.devices.interpreters.delegates import EDGETPU_LIBRARY
from edge_app.errors import BundleError, InterpreterError
from edge_app.protocols import Interpreter

log = logging.getLogger(__name__)


def open_interpreter(
    model_path: Path,
    *,
    runtime: str = "auto",
    threads: int = 1,
    delegate: str = "none",
    delegate_options: Mapping[str, str] = MappingProxyType({}),
    xnnpack: bool = True,
) -> Interpreter:
    """Loads a model.

    Args:
        model_path: a .tflite file; its shapes and dtypes are reported by the interpreter, not judged here.
        runtime: "auto" (LiteRT where it is installed, else tflite-runtime), "litert" or "tflite".
        threads: CPU threads, 1 or more; one leaves the other cores to the camera and the display.
        delegate: "none" (CPU), "edgetpu" (required), "auto" (the Edge TPU, or the CPU with a warning), or the path of
            any external delegate's shared library.
        delegate_options: passed to the delegate as they are, e.g. {"device": "usb"}.
        xnnpack: False keeps LiteRT on the builtin kernels, whose INT8 answers equal tflite-runtime's byte for byte.

    Raises:
        BundleError: the file is missing, or no model that the runtime can run.
        InterpreterError: no such runtime here, or a delegate that fails.
        ValueError: `runtime` or `threads` is out of range.
    """
    if threads < 1:
        raise ValueError(f"threads must be 1 or more. Received: {threads}")
    loaded_runtime = tflite.load_runtime(runtime)
    if not model_path.is_file():
        raise BundleError(f"model file not found. Expected: a .tflite file. Received: {model_path}")

    def load(library: str | None) -> Interpreter:
        return tflite.TfliteInterpreter(
            model_path,
            loaded_runtime,
            threads=threads,
            delegate=library,
            delegate_options=delegate_options,
            xnnpack=xnnpack,
        )

    if delegate == "none":
        return load(None)
    if delegate != "auto":
        return load(EDGETPU_LIBRARY if delegate == "edgetpu" else delegate)
    try:
        return load(EDGETPU_LIBRARY)
    except InterpreterError as error:
        log.warning("No Edge TPU, using the CPU: %s", error)
        return load(None)


def runtime_versions() -> dict[str, str]:
    """Version of each installed runtime by distribution name, e.g. {"tflite-runtime": "2.14.0"}; imports none."""
    return tflite.installed_versions()
