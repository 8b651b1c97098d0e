"""Every record is held to the JSON Schema that the repository publishes."""

import copy
import json
from importlib import resources
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import Digit, Frame, FrameReadings, Moment, Reading
from edge_app.outputs.contract import encode, error_record, image_record, moment_record, timestamp

MODEL = "0123456789abcdef"
SCHEMA = json.loads((resources.files("edge_app") / "assets" / "readings.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

boxes = st.tuples(st.integers(0, 9999), st.integers(0, 9999), st.integers(1, 9999), st.integers(1, 9999))
digits = st.builds(Digit, digit=st.integers(0, 9), confidence=st.floats(0, 1), box_xywh=boxes)
numbers = st.builds(Reading, digits=st.lists(digits, min_size=1, max_size=5).map(tuple))
stages = st.sampled_from(["binarize", "regions", "crop", "quantize", "classify", "readings", "total"])
frame_readings = st.builds(
    FrameReadings,
    readings=st.lists(numbers, max_size=4).map(tuple),
    size_wh=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    timing_ms=st.dictionaries(stages, st.floats(0, 1e6)),
)
EXAMPLE = FrameReadings(
    (Reading((Digit(4, 0.98765432, (10, 20, 30, 40)), Digit(0, 0.9, (45, 22, 28, 41)))),),
    (1280, 720),
    {"binarize": 1.23456, "total": 20.0},
)


def sent(record: dict[str, Any]) -> dict[str, Any]:
    """The record as its reader gets it."""
    decoded: dict[str, Any] = json.loads(encode(record))
    return decoded


def test_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_image_record_is_what_the_design_shows() -> None:
    record = image_record("page.png", EXAMPLE, MODEL)

    assert next(iter(record)) == "schema"
    assert record == {
        "schema": 1,
        "source": "page.png",
        "width": 1280,
        "height": 720,
        "model": MODEL,
        "numbers": [
            {
                "text": "40",
                "confidence": 0.9,
                "box": [10, 20, 63, 43],
                "digits": [
                    {"digit": 4, "confidence": 0.9877, "box": [10, 20, 30, 40]},
                    {"digit": 0, "confidence": 0.9, "box": [45, 22, 28, 41]},
                ],
            }
        ],
        "timing_ms": {"binarize": 1.235, "total": 20.0},
    }


@given(source=st.text(), readings=frame_readings)
def test_every_image_record_keeps_the_contract(source: str, readings: FrameReadings) -> None:
    VALIDATOR.validate(sent(image_record(source, readings, MODEL)))


@given(
    source=st.text(),
    seen=frame_readings,
    published=st.lists(numbers, max_size=3).map(tuple),
    sequence=st.integers(0, 2**40),
    wall_time_s=st.floats(0, 4e9),
)
def test_every_moment_record_keeps_the_contract(
    source: str, seen: FrameReadings, published: tuple[Reading, ...], sequence: int, wall_time_s: float
) -> None:
    frame = Frame(np.zeros((3, 5), np.uint8), sequence, 0)
    moment = Moment(frame, seen, published, True, wall_time_s, 10.0, source, MODEL)

    record = sent(moment_record(moment))

    VALIDATOR.validate(record)
    assert (record["width"], record["height"], record["frame"]) == (5, 3, sequence)
    assert [number["text"] for number in record["numbers"]] == [number.text for number in published]


@given(source=st.text(), message=st.text(min_size=1))
def test_every_error_record_keeps_the_contract(source: str, message: str) -> None:
    VALIDATOR.validate(sent(error_record(source, message)))


def test_numbers_from_numpy_become_plain_ones() -> None:
    box = tuple(np.array([1, 2, 3, 4], np.int32))
    digit = Digit(np.uint8(7), np.float32(0.5), box)  # type: ignore[arg-type]

    timing_ms: dict[str, Any] = {"total": np.float32(1)}

    record = sent(image_record("a", FrameReadings((Reading((digit,)),), (64, 48), timing_ms), MODEL))

    VALIDATOR.validate(record)
    assert record["numbers"][0]["digits"] == [{"digit": 7, "confidence": 0.5, "box": [1, 2, 3, 4]}]


def test_file_name_that_is_not_utf8_is_escaped() -> None:
    record = sent(image_record("caf\udce9.png", EXAMPLE, MODEL))

    assert record["source"] == "caf\\udce9.png"


def test_line_ends_do_not_split_the_line() -> None:
    assert b"\n" not in encode(error_record("a\nb.png", "first\nsecond"))


@pytest.mark.parametrize(
    ("wall_time_s", "expected"),
    [
        pytest.param(0.0, "1970-01-01T00:00:00.000Z", id="epoch"),
        pytest.param(1_700_000_000.25, "2023-11-14T22:13:20.250Z", id="milliseconds"),
    ],
)
def test_timestamps_are_rfc_3339_in_utc(wall_time_s: float, expected: str) -> None:
    assert timestamp(wall_time_s) == expected


BROKEN = {
    "unknown key": ("extra", 1),
    "another schema": ("schema", 2),
    "float size": ("width", 3.5),
    "no pixels": ("height", 0),
    "short model id": ("model", "0123"),
    "confidence over 1": ("numbers", [{"text": "1", "confidence": 1.1, "box": [0, 0, 1, 1], "digits": []}]),
    "negative time": ("timing_ms", {"total": -1}),
}


@pytest.mark.parametrize(("key", "value"), BROKEN.values(), ids=BROKEN.keys())
def test_schema_refuses_what_is_not_in_the_contract(key: str, value: Any) -> None:
    record = copy.deepcopy(image_record("page.png", EXAMPLE, MODEL))
    record[key] = value

    assert not VALIDATOR.is_valid(record)


@pytest.mark.parametrize("key", ["schema", "source", "width", "height", "model", "numbers", "timing_ms"])
def test_schema_misses_every_key_that_is_left_out(key: str) -> None:
    record = image_record("page.png", EXAMPLE, MODEL)
    del record[key]

    assert not VALIDATOR.is_valid(record)
