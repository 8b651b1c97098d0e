"""Virtual Pis with Edge Digits installed from a wheelhouse, as a person would do it; see virtual_pi.py."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.virtual_pi import PYTHONS, REPOSITORY, Network, VirtualPi, camera_root_tar, missing, root_tar

TIMEOUT_S = float(os.environ.get("EDGE_TEST_TIMEOUT_S", "1200"))  # of one test; thousands of faults take longer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips with the reason what this machine cannot do, and gives the rest the time that it takes.

    These tests come last: their Pis run until the end, and would take the processor from others.
    """
    reason = missing()
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    items[:] = [item for item in items if item not in ours] + ours
    for item in ours:
        item.add_marker(pytest.mark.timeout(TIMEOUT_S))
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network.make(tmp_path_factory.mktemp("network"))
    yield network
    network.close()


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Collects the wheels for a suite's Python, once."""
    folders: dict[str, Path] = {}

    def collect(suite: str) -> Path:
        if suite not in folders:
            folders[suite] = tmp_path_factory.mktemp(f"wheels-{suite}")
            command = ["scripts/wheelhouse.sh", "--python", PYTHONS[suite], "--arch", "amd64", str(folders[suite])]
            subprocess.run(command, check=True, cwd=REPOSITORY, timeout=600)
        return folders[suite]

    return collect


@pytest.fixture(scope="session")
def make_pi(tmp_path_factory: pytest.TempPathFactory, network: Network) -> Iterator[Callable[[str], VirtualPi]]:
    """Boots a fresh Pi of a suite; "camera" is a trixie with picamera2."""
    bases: dict[str, Path] = {}
    pis: list[VirtualPi] = []

    def make(suite: str) -> VirtualPi:
        if suite not in bases:
            bases[suite] = tmp_path_factory.mktemp(f"base-{suite}")
            tar = camera_root_tar() if suite == "camera" else root_tar(suite)
            subprocess.run(["tar", "-xf", str(tar), "-C", str(bases[suite])], check=True)
        number = len(pis) + 1
        pi = VirtualPi(f"pi{number}", 2200 + number, bases[suite], tmp_path_factory.mktemp("pi"), network)
        pis.append(pi)
        pi.boot()
        return pi

    yield make
    for pi in pis:
        pi.close()


def install(network: Network, pi: VirtualPi, wheels: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """Runs install.sh on a Pi from this machine."""
    return network.run("scripts/install.sh", "--host", pi.name, "--offline", wheels, *flags, timeout_s=600)


@pytest.fixture(scope="session")
def device(make_pi: Callable[[str], VirtualPi], network: Network, wheelhouse: Callable[[str], Path]) -> VirtualPi:
    """A bookworm Pi that reads 407 from a drawn camera, and whose user may deploy."""
    pi = make_pi("bookworm")
    pi.ssh("mkdir -p /etc/edge-digits", user="root")
    pi.ssh("printf '[camera]\\nsource = \"fake:407\"\\n' >/etc/edge-digits/config.toml", user="root")
    install(network, pi, wheelhouse("bookworm"))
    pi.ssh("usermod -aG edge-digits pi", user="root")
    return pi
