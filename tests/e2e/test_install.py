"""Installing on a fresh device, again, and off it; on both systems that a Pi has."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.bundle import EMBEDDED_BUNDLES, embedded_bundle_path
from tests.e2e.conftest import install
from tests.e2e.virtual_pi import REPOSITORY, Network, VirtualPi

EDGE_APP = "/opt/edge-digits/venv/bin/edge-app"
MOST_EXPOSED = 1.8  # of 10, as `systemd-analyze security` counts
# What the installer may touch, as names, sizes and times.
STATE = "find /opt /etc /usr /var/lib/edge-digits -xdev -printf '%p %s %T@\\n' 2>/dev/null | sort | sha256sum"


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_a_fresh_device_is_installed_once_and_left_without_a_trace(
    suite: str, make_pi: Callable[[str], VirtualPi], network: Network, wheelhouse: Callable[[str], Path]
) -> None:
    pi, wheels = make_pi(suite), wheelhouse(suite)
    untouched = pi.ssh(STATE, user="root").stdout

    said = install(network, pi, wheels, "--dry-run").stderr
    assert "would start edge-digits.service" in said
    assert pi.ssh(STATE, user="root").stdout == untouched

    install(network, pi, wheels)
    shown = pi.ssh("systemctl show edge-digits -p ActiveState,StatusText,User", user="root").stdout
    assert "ActiveState=active" in shown
    assert "StatusText=waiting for the camera, no camera found" in shown
    status = json.loads(pi.ssh(f"{EDGE_APP} status --json", user="root").stdout)
    assert status["model"] == embedded_bundle_path().name
    listed = json.loads(pi.ssh(f"{EDGE_APP} models list --json", user="root").stdout)
    ours = {embedded_bundle_path(name).name for name in EMBEDDED_BUNDLES}
    assert {(bundle["id"], bundle["fault"]) for bundle in listed} == {(name, "") for name in ours}

    unit = "/etc/systemd/system/edge-digits.service"
    faults = pi.ssh(f"systemd-analyze verify {unit} edge-digits-display@pi.service 2>&1", user="root").stdout
    exposure = pi.ssh(f"systemd-analyze security --offline=true {unit} | tail -n 1", user="root").stdout
    assert faults == ""
    assert float(re.findall(r"exposure level for .*: ([0-9.]+)", exposure)[0]) <= MOST_EXPOSED, exposure
    print(f"{suite}: {pi.ssh('systemctl --version | head -n 1').stdout.strip()}; {exposure.strip()}")

    installed = pi.ssh(STATE, user="root").stdout
    assert install(network, pi, wheels).stderr.endswith("unchanged\n")
    assert pi.ssh(STATE, user="root").stdout == installed

    network.run("scripts/install.sh", "--host", pi.name, "--uninstall", "--purge")
    left = pi.ssh("ls -d /opt/edge-digits /etc/edge-digits /var/lib/edge-digits; id edge-digits", check=False)
    assert left.stdout == ""
    pi.close()


def test_a_version_that_does_not_come_up_is_taken_back(
    device: VirtualPi, network: Network, wheelhouse: Callable[[str], Path], tmp_path: Path
) -> None:
    """The app of the new version ends as soon as it is run."""
    before = device.ssh("readlink /opt/edge-digits/venv").stdout
    broken = tmp_path / "wheels"
    broken.mkdir()
    for wheel in wheelhouse("bookworm").glob("*.whl"):
        (broken / wheel.name).hardlink_to(wheel)
    _break(next(broken.glob("edge_digits-*.whl")))

    refused = network.run("scripts/install.sh", "--host", device.name, "--offline", broken, check=False, timeout_s=600)

    assert refused.returncode != 0
    assert "not upgraded" in refused.stderr
    assert device.ssh("readlink /opt/edge-digits/venv").stdout == before
    assert "ActiveState=active" in device.ssh("systemctl show edge-digits -p ActiveState").stdout


def test_a_unit_is_never_left_half_written(
    device: VirtualPi, network: Network, wheelhouse: Callable[[str], Path]
) -> None:
    """The disk takes nothing when the unit is written. As after a power cut, systemd would mask an empty one."""
    unit, shim = "/etc/systemd/system/edge-digits.service", "/usr/local/sbin/install"
    cut = r"""#!/bin/sh
for target; do :; done
case "$target" in
  *edge-digits.service*) : >"$target"; exit 1 ;;
esac
exec /usr/bin/install "$@"
"""
    device.ssh(f"echo '# of an older version' >>{unit}; cat >{shim} <<'END'\n{cut}END\nchmod +x {shim}", user="root")

    command = ("scripts/install.sh", "--host", device.name, "--offline", wheelhouse("bookworm"))
    assert network.run(*command, check=False).returncode != 0
    device.ssh(f"systemctl daemon-reload; rm {shim}", user="root")
    assert device.ssh("systemctl show edge-digits -p LoadState --value").stdout == "loaded\n"

    install(network, device, wheelhouse("bookworm"))
    assert device.ssh(f"cat {unit}").stdout == (REPOSITORY / "systemd" / "edge-digits.service").read_text()
    assert device.ssh(f"ls {unit}.*", check=False).stdout == ""


def _break(wheel: Path) -> None:
    """Replaces a wheel by one whose `run` fails, though `check` goes well."""
    whole = wheel.rename(wheel.with_suffix(".whole"))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(wheel, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "edge_app/service.py":
                content += b"\n\ndef _fail(self):\n    raise SystemExit(1)\n\n\nService.run = _fail\n"
            if member.filename.endswith(".dist-info/RECORD"):
                content = b"".join(
                    line for line in content.splitlines(keepends=True) if not line.startswith(b"edge_app/service.py,")
                )
            new.writestr(member, content)
