"""A log that a spreadsheet or a script can read, that never grows without bound, and that a full disk ends cleanly."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_app.errors import OutputError
from edge_app.frames import Moment
from edge_app.outputs.logfile import COLUMNS, LogFile

MakeMoment = Callable[..., Moment]
LARGE = 1_000_000


def published(make_moment: MakeMoment, sequence: int, *texts: str) -> Moment:
    moment = make_moment(sequence, *texts)
    return replace(moment, new=moment.published)


def test_csv_has_a_header_and_a_row_for_each_new_number(tmp_path: Path, make_moment: MakeMoment) -> None:
    file = tmp_path / "readings.csv"
    log = LogFile(file, LARGE, 3)

    log.write(published(make_moment, 1, "407", "012"), None)
    log.write(make_moment(2, changed=True), None)
    log.close()

    rows = list(csv.DictReader(file.open()))
    assert [row["number"] for row in rows] == ["407", "012"]
    assert rows[0] == {
        "timestamp": "2023-11-14T22:13:20.350Z", "number": "407", "confidence": "0.9877", "x": "10", "y": "30",
        "width": "58", "height": "40", "frame": "1", "source": "clip.mp4", "model": "0123456789abcdef",
    }  # fmt: skip


def test_json_lines_are_the_contract_and_tell_what_has_gone(
    tmp_path: Path, make_moment: MakeMoment, check_record: Callable[[Any], None]
) -> None:
    file = tmp_path / "readings.jsonl"
    log = LogFile(file, LARGE, 3)

    log.write(published(make_moment, 1, "407"), None)
    log.write(make_moment(2, "407", changed=False), None)
    log.write(make_moment(3, changed=True), None)
    log.close()

    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        check_record(record)
    assert [[number["text"] for number in record["numbers"]] for record in records] == [["407"], []]


def test_a_second_run_goes_on_in_the_same_file(tmp_path: Path, make_moment: MakeMoment) -> None:
    file = tmp_path / "readings.csv"

    for sequence in range(2):
        log = LogFile(file, LARGE, 3)
        log.write(published(make_moment, sequence, "7"), None)
        log.close()

    lines = file.read_text().splitlines()
    assert (len(lines), lines[0]) == (3, ",".join(COLUMNS))


def test_old_files_are_put_aside_whole_and_the_oldest_are_deleted(tmp_path: Path, make_moment: MakeMoment) -> None:
    file = tmp_path / "readings.csv"
    log = LogFile(file, 1000, 2)

    for sequence in range(100):
        log.write(published(make_moment, sequence, str(sequence)), None)
    log.close()

    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["readings.csv", "readings.csv.1", "readings.csv.2"]
    assert all(path.stat().st_size <= 1000 for path in files)
    rows = [row for path in reversed(files) for row in csv.DictReader(path.open())]
    frames = [int(row["frame"]) for row in rows]
    assert frames == list(range(frames[0], 100))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("readings.txt", "must end in .csv or .jsonl", id="suffix"),
        pytest.param("missing/readings.csv", "folder not found", id="no folder"),
    ],
)
def test_a_log_that_cannot_be_is_refused_at_once(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        LogFile(tmp_path / name, LARGE, 3)


def test_a_full_disk_is_an_output_error(make_moment: MakeMoment, tmp_path: Path) -> None:
    full = tmp_path / "full.jsonl"
    full.symlink_to("/dev/full")
    log = LogFile(full, LARGE, 1)

    with pytest.raises(OutputError, match="cannot write log"):
        log.write(published(make_moment, 1, "7"), None)
