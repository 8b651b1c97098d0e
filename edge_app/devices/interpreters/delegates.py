"""A delegate's shared library in, a loaded delegate or a clear error out; knows no runtime, which is given to it."""

import ctypes
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from edge_app.errors import InterpreterError

EDGETPU_LIBRARY = "libedgetpu.so.1"
DELEGATE_FUNCTION = "tflite_plugin_create_delegate"  # what makes a shared library an external delegate
# What the runtimes raise for a model or delegate that they cannot use. SystemError is tflite-runtime 2.14 with numpy 2.
NATIVE_ERRORS = (ValueError, RuntimeError, SystemError)


def load_delegate(runtime: ModuleType, library: str, options: Mapping[str, str]) -> Any:
    """Loads an external delegate.

    The library is opened here first: the runtimes' own `Delegate` adds an ignored exception to stderr where it is
    missing or no delegate.

    Args:
        runtime: the `interpreter` module of tflite_runtime or ai_edge_litert.
        library: path or name of the shared library.
        options: passed to the delegate as they are.

    Returns:
        The runtime's own delegate object.

    Raises:
        InterpreterError: the library is missing or no delegate, or finds no device.
    """
    try:
        functions = ctypes.PyDLL(library)
    except OSError as error:
        raise InterpreterError(f"delegate library cannot be loaded: {error}" + delegate_step(library)) from error
    if not hasattr(functions, DELEGATE_FUNCTION):
        raise InterpreterError(
            f"{library} is not a TensorFlow Lite delegate: it must export {DELEGATE_FUNCTION}" + delegate_step(library)
        )
    try:
        return runtime.load_delegate(library, dict(options))
    except NATIVE_ERRORS as error:
        reason = str(error).partition("\n")[2] or str(error)
        raise InterpreterError(
            f"delegate {library} found no device it can use: {reason}. Options: {dict(options)}"
            + delegate_step(library)
        ) from error


def delegate_step(library: str | None) -> str:
    """What a person can do about a delegate that failed; empty where there is no delegate."""
    if library is None:
        return ""
    if Path(library).name == EDGETPU_LIBRARY:
        return (
            ". Plug in the Edge TPU, install libedgetpu1-std, and use a model compiled for it; "
            'or set delegate = "none" (CPU) or "auto" (CPU where there is no Edge TPU)'
        )
    return '. Check its path, its options and its device, or set delegate = "none" to use the CPU'
