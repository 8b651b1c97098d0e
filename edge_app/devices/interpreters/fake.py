"""An interpreter without a runtime: scripted answers, and failures on request; for tests and for trying the app."""

from collections.abc import Callable

import numpy as np

from edge_app.errors import InterpreterError
from edge_app.frames import Int8, TensorDetails

CROP_INPUT = TensorDetails((1, 28, 28, 1), "int8", 1 / 255, -128)
"""A uint8 crop divided by 255, as every bundle of ours takes it."""

DIGIT_OUTPUT = TensorDetails((1, 10), "int8", 1 / 256, -128)
"""Ten probabilities: -128 is 0.0 and 127 is 0.996, the largest that a softmax output in int8 can say."""

Answer = Callable[[Int8], Int8]


class FakeInterpreter:
    """Answers by a script; see `edge_app.protocols.Interpreter`.

    Attributes:
        invocations: the number of crops of each `invoke` so far.
        failure: while this is set, `invoke` raises it as an InterpreterError.
        closed: whether `close` was called.
    """

    def __init__(
        self,
        answer: Answer | Int8,
        *,
        input_details: TensorDetails = CROP_INPUT,
        output_details: TensorDetails = DIGIT_OUTPUT,
    ) -> None:
        """Sets the script.

        Args:
            answer: a function of (N, 28, 28, 1) int8 that returns (N, classes) int8; or a table (M, classes) int8
                whose rows are given one a crop in turn, from the start again after the last.
            input_details, output_details: what `input` and `output` say.
        """
        self._answer: Answer = answer if callable(answer) else _answer_from_table(answer)
        self._input, self._output = input_details, output_details
        self.invocations: list[int] = []
        self.failure: str | None = None
        self.closed = False

    @property
    def name(self) -> str:
        """Always "fake"."""
        return "fake"

    @property
    def input(self) -> TensorDetails:
        """Of one crop."""
        return self._input

    @property
    def output(self) -> TensorDetails:
        """Of one crop."""
        return self._output

    def invoke(self, tensor: Int8) -> Int8:
        """Gives the scripted answer.

        Args:
            tensor: (N, 28, 28, 1) int8, N of 0 or more.

        Returns:
            (N, classes) int8, a fresh array.

        Raises:
            InterpreterError: `failure` is set, `close` was called, or `tensor` is not what `input` says.
        """
        if self.closed:
            raise InterpreterError("interpreter is closed: fake. Open it again before invoking it")
        if self.failure is not None:
            raise InterpreterError(self.failure)
        if tensor.shape[1:] != self._input.shape[1:] or tensor.dtype.name != self._input.dtype:
            raise InterpreterError(
                f"model input must be {self._input.shape} {self._input.dtype} a crop. "
                f"Received: shape={tensor.shape} dtype={tensor.dtype}"
            )
        self.invocations.append(len(tensor))
        if len(tensor) == 0:
            return np.empty((0, *self._output.shape[1:]), dtype=np.int8)
        return np.array(self._answer(tensor), dtype=np.int8)

    def close(self) -> None:
        """Ends it: later invokes fail. Safe to call twice."""
        self.closed = True


def certain_of(digits: list[int], classes: int = 10) -> Int8:
    """A table for `FakeInterpreter`: full confidence in each digit in turn.

    Args:
        digits: index of the winning class, one a crop.
        classes: how many outputs the model has.

    Returns:
        (len(digits), classes) int8, 127 at the digit and -128 elsewhere.

    >>> certain_of([1], classes=3)
    array([[-128,  127, -128]], dtype=int8)
    """
    table = np.full((len(digits), classes), -128, dtype=np.int8)
    table[np.arange(len(digits)), digits] = 127
    return table


def _answer_from_table(table: Int8) -> Answer:
    """An answer that goes through the rows of `table` round and round."""
    position = 0

    def answer(tensor: Int8) -> Int8:
        nonlocal position
        rows = np.arange(position, position + len(tensor)) % len(table)
        position += len(tensor)
        answers: Int8 = table[rows]
        return answers

    return answer
