"""The unit is what systemd accepts, shut as tightly as the camera allows, and says why at each opening."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_app import errors

UNITS = Path(__file__).parents[1] / "systemd"
SERVICE, DISPLAY = UNITS / "edge-digits.service", UNITS / "edge-digits-display@.service"
MOST_EXPOSED = 1.8

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


@needs_systemd
@pytest.mark.parametrize("source", [SERVICE, DISPLAY], ids=lambda path: path.name)
def test_the_unit_is_verified(source: Path, tmp_path: Path) -> None:
    unit = tmp_path / source.name.replace("@", "@root")
    unit.write_text(source.read_text().replace("/opt/edge-digits/venv/bin/edge-app", "/bin/true"))

    verified = analyze("verify", unit)

    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_shut_tightly() -> None:
    said = analyze("security", "--offline=true", SERVICE).stdout

    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSED, said


def test_every_opening_has_its_reason() -> None:
    text = SERVICE.read_text()
    reasons = text[text.index("# Left open, and why:") :]

    for key in ("PrivateDevices=", "PrivateNetwork=", "IPAddressDeny=", "ProcSubset=", "RootDirectory="):
        assert key in reasons


def test_what_cannot_get_better_is_not_tried_again() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(SERVICE.read_text())

    codes = {int(code) for code in unit["Service"]["RestartPreventExitStatus"].split()}

    assert codes == {2, errors.ConfigError.exit_code, errors.BundleError.exit_code}
