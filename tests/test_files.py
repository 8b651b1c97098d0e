"""A file is written whole or not at all."""

from pathlib import Path

import pytest

from edge_app.files import write_whole


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path: Path, durable: bool) -> None:
    for content in (b"first", b"second"):
        write_whole(tmp_path / "settings.toml", content, durable)

        assert (tmp_path / "settings.toml").read_bytes() == content
        assert [file.name for file in tmp_path.iterdir()] == ["settings.toml"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(OSError):
        write_whole(target, b"a folder stands in the way")

    assert [file.name for file in tmp_path.iterdir()] == ["target"]
    with pytest.raises(OSError):
        write_whole(tmp_path / "missing" / "file", b"")
