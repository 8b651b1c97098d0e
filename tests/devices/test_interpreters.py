"""Both runtimes against the same expectations, each case in a process of its own.

A delegate or a damaged model may crash its process, and tflite-runtime must not meet tensorflow in one.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.devices.interpreters import open_interpreter, runtime_versions
from edge_app.devices.interpreters.tflite import RUNTIMES
from edge_app.errors import InterpreterError

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures"
TINY, FIXED_BATCH = FIXTURES / "tiny_int8.tflite", FIXTURES / "tiny_fixed_batch.tflite"
CHILD_TIMEOUT_S = 60

PROBE = """
import json, logging, sys
from pathlib import Path
import numpy as np
from edge_app.devices.interpreters import open_interpreter
from edge_app.errors import BundleError, InterpreterError
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
request = json.loads(sys.argv[1])
crops = np.random.default_rng(7).integers(-128, 128, (20, 28, 28, 1)).astype(np.int8)
crops //= np.arange(1, 21, dtype=np.int8).reshape(-1, 1, 1, 1)  # from noise to gray, so that the answers differ
told = {}
try:
    interpreter = open_interpreter(Path(request.pop("model")), **request)
    told["name"] = interpreter.name
    told["input"] = [interpreter.input.shape, interpreter.input.dtype, interpreter.input.scale,
                     interpreter.input.zero_point]
    told["output"] = [interpreter.output.shape, interpreter.output.dtype]
    singles = np.concatenate([interpreter.invoke(crops[index:index + 1]) for index in range(20)])
    told["scores"] = singles.tolist()
    told["equal"] = [bool(np.array_equal(interpreter.invoke(crops[:count]), singles[:count])) for count in range(21)]
    told["batched"] = [
        [loaded is interpreter._batch for _, loaded in interpreter._plan(count)] for count in (6, 7, 8, 9)
    ]
    told["none"] = [list(interpreter.invoke(crops[:0]).shape), interpreter.invoke(crops[:0]).dtype.name]
    first = interpreter.invoke(crops[:3])
    kept = first.copy()
    interpreter.invoke(crops[10:13])
    told["fresh"] = bool(np.array_equal(first, kept))
    for key, wrong in (("wrong_shape", crops[:, :27]), ("wrong_dtype", crops.astype(np.float32))):
        try:
            interpreter.invoke(wrong)
        except (BundleError, InterpreterError) as error:
            told[key] = str(error)
    interpreter.close()
    interpreter.close()
    try:
        interpreter.invoke(crops)
    except (BundleError, InterpreterError) as error:
        told["closed"] = str(error)
except (BundleError, InterpreterError) as error:
    told["error"] = str(error)
print(json.dumps(told))
"""


def probe(environ: dict[str, str] | None = None, **request: Any) -> tuple[dict[str, Any], str]:
    """Opens and runs a model in a child; gives what it told and its stderr."""
    child = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(request)],
        capture_output=True,
        text=True,
        timeout=CHILD_TIMEOUT_S,
        cwd=REPOSITORY,
        env=os.environ | (environ or {}),
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout), child.stderr


@pytest.fixture(scope="module", params=["tflite", "litert"])
def runtime(request: pytest.FixtureRequest) -> str:
    """Each runtime that is installed."""
    if RUNTIMES[request.param] not in runtime_versions():
        pytest.skip(f"{RUNTIMES[request.param]} is not installed")
    return str(request.param)


@pytest.fixture(scope="module")
def tiny(runtime: str) -> dict[str, Any]:
    """What the tiny model tells in this runtime."""
    return probe(model=str(TINY), runtime=runtime)[0]


@pytest.fixture(scope="module")
def delegate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test delegate, under the Edge TPU's name so that "edgetpu" and "auto" find it on the library path."""
    if shutil.which("gcc") is None:
        pytest.skip("the test delegate needs gcc")
    library = tmp_path_factory.mktemp("delegate") / "libedgetpu.so.1"
    source = Path(__file__).with_name("delegate.c")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(source)]
    subprocess.run(command, check=True, timeout=CHILD_TIMEOUT_S)
    return library


def test_details_are_those_of_one_crop_in_plain_values(tiny: dict[str, Any]) -> None:
    assert tiny["input"] == [[1, 28, 28, 1], "int8", pytest.approx(1 / 255), -128]
    assert tiny["output"] == [[1, 10], "int8"]


def test_name_tells_runtime_version_and_threads(tiny: dict[str, Any], runtime: str) -> None:
    distribution = RUNTIMES[runtime]

    assert tiny["name"] == f"{distribution} {runtime_versions()[distribution]} (1 thread)"


def test_any_number_of_crops_gives_the_bytes_of_one_by_one(tiny: dict[str, Any]) -> None:
    assert tiny["equal"] == [True] * 21
    assert len({tuple(row) for row in tiny["scores"]}) > 5, "answers must differ, or the comparison proves nothing"


def test_eight_crops_are_one_batch_and_seven_where_padding_pays(tiny: dict[str, Any], runtime: str) -> None:
    seven = [True] if runtime == "tflite" else [False] * 7

    assert tiny["batched"] == [[False] * 6, seven, [True], [True, False]]


def test_no_crops_give_no_rows(tiny: dict[str, Any]) -> None:
    assert tiny["none"] == [[0, 10], "int8"]


def test_answers_are_fresh_arrays(tiny: dict[str, Any]) -> None:
    assert tiny["fresh"] is True


def test_tensors_of_another_shape_or_dtype_are_refused(tiny: dict[str, Any]) -> None:
    assert "Received: a tensor of shape (20, 27, 28, 1) int8 for a model input of (1, 28, 28, 1)" in tiny["wrong_shape"]
    assert "Received: a tensor of shape (20, 28, 28, 1) float32" in tiny["wrong_dtype"]


def test_closed_interpreter_says_so(tiny: dict[str, Any]) -> None:
    assert "interpreter is closed" in tiny["closed"]


def test_two_threads_without_xnnpack_are_named_and_agree(tiny: dict[str, Any], runtime: str) -> None:
    told, _ = probe(model=str(TINY), runtime=runtime, threads=2, xnnpack=False)

    assert told["name"].endswith("(2 threads, no XNNPACK)")
    assert told["equal"] == [True] * 21
    assert np.abs(np.array(told["scores"]) - np.array(tiny["scores"])).max() <= 12  # steps; XNNPACK rounds otherwise


def test_runtimes_without_xnnpack_agree_to_the_byte() -> None:
    if len(runtime_versions()) < 2:
        pytest.skip("needs both runtimes")

    tflite, litert = (probe(model=str(TINY), runtime=name, xnnpack=False)[0] for name in ("tflite", "litert"))

    assert tflite["scores"] == litert["scores"]


def test_model_whose_graph_fixes_the_batch_runs_crop_by_crop(runtime: str) -> None:
    told, _ = probe(model=str(FIXED_BATCH), runtime=runtime)

    assert told["batched"] == [[False] * count for count in (6, 7, 8, 9)]
    assert told["equal"] == [True] * 21
    assert told["none"] == [[0, 10], "int8"]


def test_auto_takes_litert_where_it_is_installed() -> None:
    expected = next(name for name in RUNTIMES.values() if name in runtime_versions())

    told, _ = probe(model=str(TINY))

    assert told["name"].startswith(expected)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"this is a text, not a flatbuffer", id="text"),
        pytest.param(TINY.read_bytes()[:1500], id="truncated"),
    ],
)
def test_file_that_is_no_model_is_refused(runtime: str, content: bytes, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(content)

    told, _ = probe(model=str(model), runtime=runtime)

    assert f"cannot use {model} as a TensorFlow Lite model: " in told["error"]
    assert "Export it again" in told["error"]


def test_missing_model_is_refused(runtime: str, tmp_path: Path) -> None:
    told, _ = probe(model=str(tmp_path / "absent.tflite"), runtime=runtime)

    assert told["error"] == f"model file not found. Expected: a .tflite file. Received: {tmp_path / 'absent.tflite'}"


def test_delegate_by_path_gets_its_options_and_single_crops(runtime: str, delegate: Path) -> None:
    told, messages = probe(
        model=str(TINY), runtime=runtime, delegate=str(delegate), delegate_options={"device": "usb:0", "speed": "std"}
    )

    assert told["name"].endswith("(1 thread, libedgetpu.so.1)")
    assert "option device=usb:0" in messages and "option speed=std" in messages
    assert messages.count("test delegate: prepare") == 1  # a second one would be the batch of 8
    assert told["batched"] == [[False] * count for count in (6, 7, 8, 9)]
    assert told["equal"] == [True] * 21


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"device": "absent"}, "found no device it can use: no device found on the bus", id="no device"),
        pytest.param({"prepare": "fail"}, "loaded but could not prepare", id="prepare failed"),
        pytest.param({"invoke": "fail"}, "failed to run tiny_int8.tflite: test delegate: the device", id="unplugged"),
    ],
)
def test_failing_delegate_is_named_with_the_next_step(
    runtime: str, delegate: Path, options: dict[str, str], expected: str
) -> None:
    told, _ = probe(model=str(TINY), runtime=runtime, delegate=str(delegate), delegate_options=options)

    assert expected in told["error"]
    assert "libedgetpu.so.1" in told["error"]
    assert 'or set delegate = "none" (CPU) or "auto"' in told["error"]


def test_missing_delegate_library_is_named_and_nothing_else_is_printed(runtime: str, tmp_path: Path) -> None:
    library = tmp_path / "libabsent.so"

    told, messages = probe(model=str(TINY), runtime=runtime, delegate=str(library))

    assert f"delegate library cannot be loaded: {library}: cannot open shared object file" in told["error"]
    assert "Exception ignored" not in messages


def test_library_that_is_no_delegate_is_refused(runtime: str) -> None:
    told, messages = probe(model=str(TINY), runtime=runtime, delegate="libm.so.6")

    assert "libm.so.6 is not a TensorFlow Lite delegate" in told["error"]
    assert "Exception ignored" not in messages


def test_edgetpu_is_found_on_the_library_path(runtime: str, delegate: Path) -> None:
    told, _ = probe({"LD_LIBRARY_PATH": str(delegate.parent)}, model=str(TINY), runtime=runtime, delegate="edgetpu")

    assert told["name"].endswith("(1 thread, libedgetpu.so.1)")


def test_required_edgetpu_that_is_missing_is_an_error(runtime: str) -> None:
    told, _ = probe(model=str(TINY), runtime=runtime, delegate="edgetpu")

    assert "libedgetpu.so.1: cannot open shared object file" in told["error"]
    assert "Plug in the Edge TPU" in told["error"]


@pytest.mark.parametrize("options", [{"device": "absent"}, {"prepare": "fail"}], ids=["no device", "prepare failed"])
def test_auto_delegate_that_fails_warns_and_runs_on_the_cpu(
    runtime: str, delegate: Path, options: dict[str, str], tiny: dict[str, Any]
) -> None:
    told, messages = probe(
        {"LD_LIBRARY_PATH": str(delegate.parent)},
        model=str(TINY),
        runtime=runtime,
        delegate="auto",
        delegate_options=options,
    )

    assert "WARNING No Edge TPU, using the CPU: " in messages
    assert told["scores"] == tiny["scores"]
    assert told["name"].endswith("(1 thread)")


def test_unknown_runtime_is_refused() -> None:
    with pytest.raises(ValueError, match='runtime must be "auto", "tflite" or "litert". Received: \'tensorflow\''):
        open_interpreter(TINY, runtime="tensorflow")


def test_no_threads_are_refused() -> None:
    with pytest.raises(ValueError, match="threads must be 1 or more. Received: 0"):
        open_interpreter(TINY, threads=0)


def test_runtime_that_cannot_be_imported_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)

    with pytest.raises(InterpreterError, match="needs the package ai-edge-litert.*pip install ai-edge-litert"):
        open_interpreter(TINY, runtime="litert")


def test_tflite_runtime_is_kept_out_of_a_process_with_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", object())

    with pytest.raises(InterpreterError, match="crashes in a process that has imported tensorflow"):
        open_interpreter(TINY, runtime="tflite")


def test_importing_the_package_imports_no_runtime() -> None:
    code = (
        "import sys, edge_app.devices.interpreters as i; i.runtime_versions(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('tflite_runtime', 'ai_edge_litert', 'tensorflow')])"
    )

    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)

    assert child.stdout.strip() == "[]"
