"""The Ansible role on three virtual Pis, one of them broken: a batch that fails saves those after it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.bundle import embedded_bundle_path
from tests.e2e.test_deploy import STORE, bundle_id
from tests.e2e.test_service import status, wait_until_read
from tests.e2e.virtual_pi import REPOSITORY, Network, VirtualPi

OtherBundle = Callable[[int], Path]
CONFIG = '[camera]\nsource = "fake:407"\n'


class Fleet:
    """Plays the playbook on some Pis, one after another."""

    def __init__(self, network: Network, folder: Path) -> None:
        self._network, self._inventory = network, folder / "inventory.ini"
        self._log = folder / "ansible"
        self._log.mkdir()

    def play(self, pis: list[VirtualPi], **settings: str | Path) -> tuple[int, str]:
        """Exit code and what Ansible said."""
        self._inventory.write_text("\n".join(pi.name for pi in pis) + "\n")
        extra = ["-e", json.dumps({name: str(value) for name, value in settings.items()})]
        ssh = f"-F {self._network.ssh_config} -o ControlMaster=auto -o ControlPersist=30"
        environment = [f"ANSIBLE_SSH_ARGS={ssh}", f"ANSIBLE_LOCAL_TEMP={self._log}", "LC_ALL=C.UTF-8"]
        command = [sys.executable, "-m", "ansible", "playbook", "-i", self._inventory]
        playbook = REPOSITORY / "scripts" / "fleet" / "site.yml"
        done = self._network.run(
            "env", *environment, "ANSIBLE_NOCOLOR=1", "ANSIBLE_PIPELINING=1", *command, playbook,
            "-e", "edge_digits_batch=1", *extra, check=False, timeout_s=600,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def fleet(network: Network, tmp_path: Path) -> Fleet:
    return Fleet(network, tmp_path)


def test_a_fleet_is_installed_and_a_broken_device_stops_the_rollout(
    fleet: Fleet,
    device: VirtualPi,
    make_pi: Callable[[str], VirtualPi],
    wheelhouse: Callable[[str], Path],
    other_bundle: OtherBundle,
) -> None:
    broken, last = make_pi("bookworm"), make_pi("bookworm")
    wheels = wheelhouse("bookworm")
    device.ssh(f"rm -rf {STORE}/active {STORE}/previous {STORE}/bundles/*", user="root")
    device.ssh("systemctl reset-failed edge-digits; systemctl restart edge-digits", user="root")

    code, said = fleet.play([broken, last], edge_digits_wheels=wheels, edge_digits_config=CONFIG)
    assert code == 0, said
    for pi in (broken, last):
        pi.ssh("usermod -aG edge-digits pi", user="root")
        wait_until_read(pi)
    code, said = fleet.play([last], edge_digits_wheels=wheels, edge_digits_config=CONFIG)
    assert (code, said.count("changed=0")) == (0, 1), said

    own = f"mkdir {STORE}/bundles && chown -R edge-digits:edge-digits {STORE}"
    broken.ssh(f"mount -t tmpfs -o size=200k,mode=2775 tmpfs {STORE} && {own}", user="root")
    new = other_bundle(1)
    code, said = fleet.play([device, broken, last], edge_digits_bundle=new)

    assert code != 0
    assert "No space left on device" in said
    assert status(device)["model"] == bundle_id(new)
    assert status(broken)["model"] == embedded_bundle_path().name
    assert status(last)["model"] == embedded_bundle_path().name
    assert f"{last.name} " not in said[said.index("PLAY RECAP") :]
    for pi in (broken, last):
        pi.close()
