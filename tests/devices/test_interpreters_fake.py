"""The shipped fake interpreter keeps the protocol's promises and its script."""

import numpy as np
import pytest

from edge_app.devices.interpreters.fake import CROP_INPUT, DIGIT_OUTPUT, FakeInterpreter, certain_of
from edge_app.errors import InterpreterError
from edge_app.frames import Int8


def crops(count: int) -> Int8:
    """That many crops, each filled with its own number."""
    return np.arange(count, dtype=np.int8).reshape(-1, 1, 1, 1).repeat(28, axis=1).repeat(28, axis=2)


def test_table_answers_crop_by_crop_and_starts_again() -> None:
    interpreter = FakeInterpreter(certain_of([4, 0, 7]))

    scores = np.concatenate([interpreter.invoke(crops(2)), interpreter.invoke(crops(2))])

    assert scores.argmax(axis=1).tolist() == [4, 0, 7, 4]
    assert interpreter.invocations == [2, 2]


def test_callable_answers_from_the_tensor() -> None:
    interpreter = FakeInterpreter(lambda tensor: certain_of([int(value) for value in tensor[:, 0, 0, 0]]))

    scores = interpreter.invoke(crops(3))

    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_details_are_those_of_our_bundles() -> None:
    interpreter = FakeInterpreter(certain_of([1]))

    assert interpreter.name == "fake"
    assert interpreter.input == CROP_INPUT
    assert interpreter.output == DIGIT_OUTPUT


def test_no_crops_give_no_rows() -> None:
    scores = FakeInterpreter(certain_of([1])).invoke(crops(0))

    assert scores.shape == (0, 10)
    assert scores.dtype == np.int8


def test_failure_is_raised_until_it_is_taken_back() -> None:
    interpreter = FakeInterpreter(certain_of([1]))
    interpreter.failure = "the device does not answer"

    with pytest.raises(InterpreterError, match="the device does not answer"):
        interpreter.invoke(crops(1))
    interpreter.failure = None

    assert len(interpreter.invoke(crops(1))) == 1


def test_closed_interpreter_says_so() -> None:
    interpreter = FakeInterpreter(certain_of([1]))
    interpreter.close()
    interpreter.close()

    with pytest.raises(InterpreterError, match="interpreter is closed"):
        interpreter.invoke(crops(1))


@pytest.mark.parametrize(
    "tensor",
    [
        pytest.param(np.zeros((1, 27, 28, 1), np.int8), id="shape"),
        pytest.param(np.zeros((1, 28, 28, 1), np.uint8), id="dtype"),
    ],
)
def test_wrong_tensor_is_refused(tensor: Int8) -> None:
    with pytest.raises(InterpreterError, match=r"model input must be \(1, 28, 28, 1\) int8 a crop. Received: shape="):
        FakeInterpreter(certain_of([1])).invoke(tensor)
