"""The Pi camera's backend against the real picamera2 and libcamera, whose virtual camera is shown a page."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest

from edge_app.devices.cameras.fake import scene
from tests.e2e.conftest import install
from tests.e2e.test_service import EDGE_APP, shown, status, wait_until_read
from tests.e2e.virtual_pi import Network, VirtualPi

PARTS = Path(__file__).with_name("picamera2")
PACKAGES = "usr/local/lib/python3.13/dist-packages"
PRELOADED = "/usr/local/lib/libudmabuf.so"
PAPER, INK = 225, 40  # gray levels of the page that is shown


@pytest.fixture(scope="module")
def camera_pi(
    make_pi: Callable[[str], VirtualPi], network: Network, wheelhouse: Callable[[str], Path]
) -> Iterator[VirtualPi]:
    """A trixie Pi whose service reads from picamera2, as fast as it can: the virtual camera keeps no pace."""
    pi = make_pi("camera")
    shutil.copy(PARTS / "pykms.py", pi.root / PACKAGES)
    with (pi.root / PACKAGES / "picamera2" / "picamera2.py").open("a") as source:
        source.write((PARTS / "virtual.txt").read_text())
    library, code = pi.root / PRELOADED[1:], PARTS / "udmabuf.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, code, "-ldl"], check=True)
    virtual, frames = pi.root / "usr/share/libcamera/pipeline/virtual", pi.root / "srv/frames"
    for folder in (virtual, frames):
        folder.mkdir(parents=True)
    shutil.copy(PARTS / "virtual.yaml", virtual)
    shutil.copy(PARTS / "probe.py", pi.root / "srv")
    for number, picture in zip(range(60), scene((1280, 720), "407"), strict=False):
        cv2.imwrite(str(frames / f"{number}.jpg"), picture)
    drop_in = "/etc/systemd/system/edge-digits.service.d"
    pi.ssh(f"mkdir -p /etc/edge-digits {drop_in}", user="root")
    pi.ssh("printf '[camera]\\nsource = \"picamera2:0\"\\n' >/etc/edge-digits/config.toml", user="root")
    pi.ssh(f"printf '[Service]\\nEnvironment=LD_PRELOAD={PRELOADED}\\n' >{drop_in}/test.conf", user="root")
    install(network, pi, wheelhouse("trixie"))
    pi.ssh("usermod -aG edge-digits pi", user="root")
    yield pi
    pi.close()


def test_the_service_reads_the_pi_camera_within_its_sandbox(camera_pi: VirtualPi) -> None:
    wait_until_read(camera_pi)

    now = status(camera_pi)

    assert now["camera"] == "picamera2:0"
    assert shown(camera_pi, "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


def test_both_streams_are_what_the_camera_saw_and_a_stopped_camera_is_told(camera_pi: VirtualPi) -> None:
    camera_pi.ssh("systemctl stop edge-digits", user="root")  # one reader at a time
    python = EDGE_APP.replace("edge-app", "python")

    told = json.loads(camera_pi.ssh(f"LD_PRELOAD={PRELOADED} {python} /srv/probe.py 2>/dev/null").stdout)
    camera_pi.ssh("systemctl start edge-digits", user="root")

    assert (told["gray"], told["lores"], told["colour"]) == ([720, 1280], [360, 640], [720, 1280, 3])
    # The virtual camera converts to limited range: 16 is black and 235 white.
    limited = 16 + PAPER * 219 / 255
    assert told["paper"] == pytest.approx(limited, abs=12) or told["paper"] == pytest.approx(PAPER, abs=6)
    assert told["lores_paper"] == pytest.approx(told["paper"], abs=3)
    assert max(told["colour_paper"]) - min(told["colour_paper"]) <= 4  # paper is gray
    assert told["darkest"] < INK + 30
    assert told["ascending"]
    assert told["sequences"] == list(range(10))
    assert "picamera2:0: a frame must come within 5 s. None came" in told["stopped"]
