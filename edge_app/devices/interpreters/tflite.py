"""A .tflite file in, an interpreter out: the only file that imports tflite_runtime or ai_edge_litert.

Both runtimes have the same Python API, so one class serves both. TensorFlow's own interpreter is never used.
"""

import importlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np

from edge_app.devices.interpreters.delegates import NATIVE_ERRORS, delegate_step, load_delegate
from edge_app.errors import BundleError, EdgeAppError, InterpreterError
from edge_app.frames import Int8, TensorDetails

RUNTIMES = MappingProxyType({"litert": "ai-edge-litert", "tflite": "tflite-runtime"})
"""Name in our configuration to name of the distribution; "auto" tries them in this order."""

# What a batch of 8 costs, in single crops (70k-parameter GAP CNN, x86_64, best of 60 runs): tflite-runtime 6.4 on 1
# thread and 6.0 on 2; LiteRT 7.1 on 1 thread, 3.6 to 6.8 on 2. The 225k CNN with a Flatten gains nothing on
# tflite-runtime (8.2) and runs crop by crop, see `_load_batch`.
BATCH_SIZE = 8
# So 7 crops left over are cheaper as a padded batch on tflite-runtime (6.4 < 7); on LiteRT with 1 thread none are.
PADDED_FROM = MappingProxyType({"tflite": 7, "litert": BATCH_SIZE})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runtime:
    """An imported runtime.

    Attributes:
        key: "tflite" or "litert".
        module: its `interpreter` module.
        version: of the distribution, e.g. "2.14.0".
    """

    key: str
    module: ModuleType
    version: str

    @property
    def name(self) -> str:
        """Distribution and version, e.g. "tflite-runtime 2.14.0"."""
        return f"{RUNTIMES[self.key]} {self.version}"


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """One native interpreter with tensors allocated for a fixed number of crops."""

    native: Any
    input_index: int
    output_index: int

    def run(self, tensor: Int8) -> Int8:
        """Takes and returns exactly the number of crops it was allocated for; the answer is a copy."""
        self.native.set_tensor(self.input_index, tensor)
        self.native.invoke()
        scores: Int8 = self.native.get_tensor(self.output_index)
        return scores


class TfliteInterpreter:
    """A model in tflite_runtime or LiteRT; see `edge_app.protocols.Interpreter`.

    Tensors are allocated once: for one crop and, where the model's graph allows it, for a batch of 8.
    A frame's crops then go through as batches of 8 and singles, which gives the same bytes as one by one.
    """

    def __init__(
        self,
        model_path: Path,
        runtime: Runtime,
        *,
        threads: int = 1,
        delegate: str | None = None,
        delegate_options: Mapping[str, str] = MappingProxyType({}),
        xnnpack: bool = True,
    ) -> None:
        """Loads the model.

        Args:
            model_path: a .tflite file; a damaged one can crash the process (see `edge_app.bundle.verify_in_child`).
            runtime: from `load_runtime`.
            threads: CPU threads, 1 or more; one leaves the other cores to the camera and the display.
            delegate: shared library of an external delegate, or None for the CPU. A delegate gets single crops
                only: the Edge TPU compiler fixes the batch at 1.
            delegate_options: passed to the delegate as they are.
            xnnpack: False keeps LiteRT on the builtin kernels, whose INT8 answers equal tflite-runtime's.

        Raises:
            BundleError: the file is no model that the runtime can run.
            InterpreterError: the runtime or delegate itself is the trouble.
        """
        self._model_path, self._runtime = model_path, runtime
        self._threads, self._delegate, self._xnnpack = threads, delegate, xnnpack
        loaded_delegate = None if delegate is None else load_delegate(runtime.module, delegate, delegate_options)
        self._single: _Loaded | None = self._load(1, loaded_delegate)
        self._input = _details(self._single.native.get_input_details(), model_path)
        self._output = _details(self._single.native.get_output_details(), model_path)
        self._batch = None if delegate is not None else self._load_batch()

    @property
    def name(self) -> str:
        """Runtime, version, threads and delegate, e.g. "ai-edge-litert 2.3.0 (1 thread)"."""
        notes = [f"{self._threads} thread{'s' if self._threads > 1 else ''}"]
        if not self._xnnpack:
            notes.append("no XNNPACK")
        if self._delegate is not None:
            notes.append(Path(self._delegate).name)
        return f"{self._runtime.name} ({', '.join(notes)})"

    @property
    def input(self) -> TensorDetails:
        """Of one crop, as the runtime tells it; not judged here."""
        return self._input

    @property
    def output(self) -> TensorDetails:
        """Of one crop, as the runtime tells it; not judged here."""
        return self._output

    def invoke(self, tensor: Int8) -> Int8:
        """Runs the model on a batch.

        Args:
            tensor: (N, 28, 28, 1) int8, N of 0 or more; not kept.

        Returns:
            (N, classes) int8, a fresh array.

        Raises:
            InterpreterError: the runtime or its delegate failed, `tensor` is not what the model takes, or
                `close` was called before.
        """
        if self._single is None:
            raise InterpreterError(f"interpreter is closed: {self._model_path}. Open it again before invoking it")
        chunks = []
        try:
            for start, loaded in self._plan(len(tensor)):
                size = BATCH_SIZE if loaded is self._batch else 1
                chunk = tensor[start : start + size]
                chunks.append(loaded.run(_padded(chunk, size))[: len(chunk)])
        except NATIVE_ERRORS as error:
            raise InterpreterError(
                f"{self.name} failed to run {self._model_path.name}: {_told(error)}. Received: a tensor of shape "
                f"{tensor.shape} {tensor.dtype} for a model input of {self._input.shape} {self._input.dtype}"
                + delegate_step(self._delegate)
            ) from error
        return np.concatenate(chunks) if chunks else np.empty((0, *self._output.shape[1:]), dtype=self._output.dtype)

    def close(self) -> None:
        """Frees the model. Safe to call twice."""
        self._single = self._batch = None

    def _plan(self, count: int) -> list[tuple[int, _Loaded]]:
        """Which crops go through which native interpreter: (first crop, interpreter) in order."""
        assert self._single is not None
        steps: list[tuple[int, _Loaded]] = []
        start = 0
        while start < count:
            left = count - start
            batched = self._batch is not None and left >= PADDED_FROM[self._runtime.key]
            steps.append((start, self._batch if batched and self._batch is not None else self._single))
            start += BATCH_SIZE if batched else 1
        return steps

    def _load(self, batch_size: int, delegate: Any | None) -> _Loaded:
        """One native interpreter, allocated for `batch_size` crops."""
        api = self._runtime.module
        resolver = api.OpResolverType.AUTO if self._xnnpack else api.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        try:
            native = api.Interpreter(
                model_path=str(self._model_path),
                num_threads=self._threads,
                experimental_op_resolver_type=resolver,
                experimental_delegates=None if delegate is None else [delegate],
            )
            inputs = native.get_input_details()
            if batch_size > 1:
                native.resize_tensor_input(inputs[0]["index"], (batch_size, *inputs[0]["shape"][1:]))
            native.allocate_tensors()
            outputs = native.get_output_details()
        except NATIVE_ERRORS as error:
            raise self._refusal(error) from error
        if len(inputs) != 1 or len(outputs) != 1:
            raise BundleError(
                f"a model must have one input and one output. Received: {len(inputs)} and {len(outputs)} "
                f"from {self._model_path}"
            )
        return _Loaded(native, int(inputs[0]["index"]), int(outputs[0]["index"]))

    def _load_batch(self) -> _Loaded | None:
        """The batch of 8, or None where the graph fixes the batch at 1 or leaves its output's shape to the run.

        The latter is a Flatten's: SHAPE, STRIDED_SLICE and PACK make its tensors dynamic, and a batch gains little.
        """
        try:
            batch = self._load(BATCH_SIZE, None)
        except BundleError as error:
            log.debug("%s keeps its batch at 1: %s", self._model_path.name, error)
            return None
        shape = tuple(int(size) for size in batch.native.get_output_details()[0]["shape"])
        return batch if shape == (BATCH_SIZE, *self._output.shape[1:]) else None

    def _refusal(self, error: Exception) -> EdgeAppError:
        """Why the model cannot be loaded, and what to do: the fault of the runtime, the delegate or the model."""
        if isinstance(error, SystemError):
            return InterpreterError(
                f"{self._runtime.name} cannot load a model with numpy {np.__version__}; it needs numpy below 2. "
                "Install numpy 1.26, or ai-edge-litert in place of tflite-runtime"
            )
        if self._delegate is not None:
            return InterpreterError(
                f"{self._delegate} loaded but could not prepare {self._model_path} in {self._runtime.name}: "
                + _told(error)
                + delegate_step(self._delegate)
            )
        return BundleError(
            f"{self._runtime.name} cannot use {self._model_path} as a TensorFlow Lite model: {_told(error)}. "
            "Export it again, or run `edge-app check` on its bundle"
        )


def load_runtime(key: str) -> Runtime:
    """Imports a runtime.

    Args:
        key: "litert", "tflite", or "auto" for the first of them that is installed (LiteRT's INT8 kernels are several
            times faster on x86_64).

    Raises:
        InterpreterError: it is not installed or cannot be imported here.
        ValueError: `key` is none of these.
    """
    if key == "auto":
        return _first_runtime()
    if key not in RUNTIMES:
        raise ValueError(f'runtime must be "auto", "tflite" or "litert". Received: {key!r}')
    if key == "tflite" and "tensorflow" in sys.modules:
        raise InterpreterError(
            "tflite-runtime crashes in a process that has imported tensorflow. Run it in a process of its own, "
            'or use runtime "litert"'
        )
    package = RUNTIMES[key].replace("-", "_")
    try:
        module = importlib.import_module(f"{package}.interpreter")
        return Runtime(key, module, importlib.import_module(package).__version__)
    except (ImportError, OSError) as error:
        raise InterpreterError(
            f"runtime {key!r} needs the package {RUNTIMES[key]}, which cannot be imported: {error}. "
            f'Run `pip install {RUNTIMES[key]}` in the app\'s environment, or use runtime "auto"'
        ) from error


def installed_versions() -> dict[str, str]:
    """Version of each runtime whose distribution is installed, by distribution name; imports none of them."""
    from importlib import metadata  # here, because it takes longer to import than all of the app's own modules

    versions = {}
    for distribution in RUNTIMES.values():
        try:
            versions[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _first_runtime() -> Runtime:
    """The first runtime that can be imported; one that is installed but broken is passed over with a warning."""
    reasons = []
    for key, distribution in RUNTIMES.items():
        try:
            return load_runtime(key)
        except InterpreterError as error:
            reasons.append(str(error))
            if distribution in installed_versions():
                log.warning("%s is installed but unusable, trying the next runtime: %s", distribution, error)
    raise InterpreterError("no TensorFlow Lite runtime can be used here. " + " | ".join(reasons))


def _told(error: Exception) -> str:
    """A native error's text on one line, without the full stop that some end with."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _details(tensors: list[dict[str, Any]], model_path: Path) -> TensorDetails:
    """What the runtime tells of the model's one input or output, in plain Python values."""
    tensor = tensors[0]
    step, zero_point = tensor["quantization"]
    shape = tuple(int(size) for size in tensor["shape"])
    if not shape:
        raise InterpreterError(f"model tensors must have a batch dimension. Received: a scalar from {model_path}")
    return TensorDetails(shape, np.dtype(tensor["dtype"]).name, float(step), int(zero_point))


def _padded(chunk: Int8, size: int) -> Int8:
    """`chunk` itself, or a copy with zeros after it where it holds fewer than `size` crops."""
    if len(chunk) == size:
        return chunk
    padded = np.zeros((size, *chunk.shape[1:]), dtype=chunk.dtype)
    padded[: len(chunk)] = chunk
    return padded
