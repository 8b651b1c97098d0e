"""Hands are fetched once, checked, and kept; wrong ones are refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_npm import fake_npm
from trainer import writers
from trainer.errors import DataError
from trainer.writers import HELD_OUT_WRITERS, WRITERS, learnt_hands, unknown_hands


@pytest.fixture
def known_fonts() -> dict[str, bytes]:
    return {Path(file).name: Path(file).read_bytes() for file in (*learnt_hands(), *unknown_hands())}


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    writers._files.cache_clear()
    yield tmp_path / "cache" / "edge-digits" / "hands"
    writers._files.cache_clear()


def npm_with(folder: Path, fonts: dict[str, bytes]) -> str:
    return fake_npm(folder, {f"package/files/{name}": content for name, content in fonts.items()})


def test_no_writer_is_both_learnt_from_and_measured_on() -> None:
    assert not set(WRITERS) & set(HELD_OUT_WRITERS)
    assert not set(learnt_hands()) & set(unknown_hands())


def test_hands_are_fetched_once_and_kept(
    known_fonts: dict[str, bytes], fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", npm_with(tmp_path, known_fonts))

    first = learnt_hands()
    monkeypatch.setenv("PATH", "/nonexistent")
    writers._files.cache_clear()

    assert learnt_hands() == first
    assert {file.name for file in fresh_cache.iterdir()} == set(known_fonts)


def test_another_font_is_refused_and_not_kept(
    fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts = {f"{name}-latin-400-normal.woff": b"not a font" for name in WRITERS | HELD_OUT_WRITERS}
    monkeypatch.setenv("PATH", npm_with(tmp_path, fonts))

    with pytest.raises(DataError, match="must have sha256"):
        learnt_hands()

    assert not fresh_cache.exists()


def test_a_package_without_its_font_is_told(fresh_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", npm_with(tmp_path, {"other.woff": b""}))

    with pytest.raises(DataError, match="Received: an archive without it"):
        learnt_hands()

    assert not fresh_cache.exists()


@pytest.mark.usefixtures("fresh_cache")
def test_without_npm_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(DataError, match=r"must come from npm\. Received: npm must be installed"):
        learnt_hands()
