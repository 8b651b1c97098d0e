"""Each script says what it is for, and with --dry-run what it would do, and changes nothing."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.bundle import embedded_bundle_path

REPOSITORY = Path(__file__).parents[1]
SCRIPTS = sorted(path.name for path in (REPOSITORY / "scripts").glob("*.sh") if path.name != "setup.sh")  # sourced
ARGUMENTS: dict[str, list[str | Path]] = {
    "deploy.sh": ["--sign", "key", "--canary", "pi@desk", embedded_bundle_path(), "pi@hall"],
    "wheelhouse.sh": ["--python", "3.13", "wheels"],
    "run.sh": ["--camera", "clip"],
    "train.sh": ["--preset", "quick"],
}
SUPPORTED = platform.freedesktop_os_release().get("VERSION_CODENAME") in ("bookworm", "trixie")
FORBIDDEN = ("ssh", "rsync", "ssh-keygen", "pip", "apt-get", "npm", "systemctl")  # what reaches out or changes much

RunScript = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh copy of the sources, never set up, in a home of its own."""
    folder = tmp_path / "home" / "edge-digits"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", "runs", "out", ".*_cache", "*.egg-info", "build")
    shutil.copytree(REPOSITORY, folder, ignore=ignored)
    return folder


@pytest.fixture
def run_script(checkout: Path, tmp_path: Path) -> RunScript:
    """Runs a script of the copy; commands that would reach out leave a trace and fail."""
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in FORBIDDEN:
        (shims / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path / "called"}\nexit 99\n')
        (shims / name).chmod(0o755)
    home = str(checkout.parent)
    environment = {"PATH": f"{shims}:{os.environ['PATH']}", "HOME": home, "XDG_CACHE_HOME": f"{home}/.cache"}

    def run(name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = ["bash", f"scripts/{name}", *map(str, arguments)]
        return subprocess.run(
            command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run


def state(folder: Path) -> list[tuple[str, int, int]]:
    """All that is in a folder: name, size, time."""
    found = [(path, path.lstat()) for path in folder.rglob("*")]
    return sorted((str(path), about.st_size, about.st_mtime_ns) for path, about in found)


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_says_what_it_is_for_and_how_to_try_it(script: str, run_script: RunScript, checkout: Path) -> None:
    before = state(checkout.parent)

    told = run_script(script, "--help")

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Purpose:")
    assert "Usage:" in told.stdout
    assert "--dry-run" in told.stdout
    assert state(checkout.parent) == before


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_dry_run_changes_nothing(script: str, run_script: RunScript, checkout: Path, tmp_path: Path) -> None:
    if script == "install.sh" and not SUPPORTED:
        pytest.skip("install.sh takes only bookworm and trixie")
    before = state(checkout.parent)

    told = run_script(script, "--dry-run", *ARGUMENTS.get(script, []))

    assert told.returncode == 0, told.stdout + told.stderr
    assert "would " in told.stderr
    assert state(checkout.parent) == before
    assert not (tmp_path / "called").exists(), (tmp_path / "called").read_text()
