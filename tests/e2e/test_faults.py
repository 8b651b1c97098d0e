"""What befalls a device in months on a wall: a camera that goes, a clock that jumps, models that kill, power cuts."""

import hashlib
import json
import os
import random
import shlex
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path
from edge_app.devices.cameras.fake import scene
from tests.e2e.conftest import install
from tests.e2e.test_service import EDGE_APP, shown, status, wait_until_read
from tests.e2e.virtual_pi import REPOSITORY, Network, VirtualPi
from tests.waiting import wait_until

# How much of each there is; more by hand, see docs/virtual-pi.md.
GONE_S = float(os.environ.get("EDGE_TEST_CAMERA_GONE_S", "20"))
RELOADS = int(os.environ.get("EDGE_TEST_RELOADS", "15"))
CUTS = int(os.environ.get("EDGE_TEST_INSTALL_CUTS", "4"))
DAMAGED = 12  # models

CONFIG = "/etc/edge-digits/config.toml"
STORE = "/var/lib/edge-digits"
DROP_IN = "/run/systemd/system/edge-digits.service.d"
RTSP_SERVER = REPOSITORY / "tests" / "devices" / "rtsp_server.py"
GROWTH_KB = 8 * 1024  # of memory that is no growth: an allocator does not give back at once


@pytest.fixture
def reading(device: VirtualPi) -> Iterator[VirtualPi]:
    """The device, reading with what it was installed with; afterwards as it was before."""
    device.ssh(f"cp {CONFIG} /root/before.toml", user="root")
    device.ssh("systemctl restart edge-digits", user="root")
    wait_until_read(device)
    yield device
    device.ssh(f"cp /root/before.toml {CONFIG}; rm -rf {DROP_IN} {STORE}/active {STORE}/previous", user="root")
    device.ssh(
        "systemctl daemon-reload; systemctl reset-failed edge-digits; systemctl restart edge-digits", user="root"
    )
    wait_until_read(device)


@pytest.fixture
def start_camera(network: Network, tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts a network camera that shows 407 at rtsp://127.0.0.1:8554/digits in the network of the Pis."""
    started: list[subprocess.Popen[str]] = []
    page = tmp_path / "page.jpg"
    cv2.imwrite(str(page), next(scene((640, 480), "407")))

    def start() -> "subprocess.Popen[str]":
        command = ["ip", "netns", "exec", network.name, "/usr/bin/python3", str(RTSP_SERVER), "8554", str(page)]
        camera = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert camera.stdout is not None
        assert camera.stdout.readline() == "ready\n"
        started.append(camera)
        return camera

    yield start
    for camera in started:
        camera.kill()
        camera.wait()


def drop_in(device: VirtualPi, *lines: str) -> None:
    """Adds to the unit and starts it anew."""
    text = "\\n".join(["[Service]", *lines, ""])
    device.ssh(f"mkdir -p {DROP_IN} && printf {shlex.quote(text)} >{DROP_IN}/test.conf", user="root")
    started = device.ssh("systemctl daemon-reload && systemctl restart edge-digits", user="root", check=False)
    assert started.returncode == 0, device.ssh("journalctl -u edge-digits -n 30 --no-pager -o cat", user="root").stdout


def test_a_camera_that_is_gone_for_long_is_read_when_it_comes_back(
    reading: VirtualPi, start_camera: Callable[[], "subprocess.Popen[str]"]
) -> None:
    camera = start_camera()
    reading.ssh(f"printf '[camera]\\nsource = \"rtsp://127.0.0.1:8554/digits\"\\n' >{CONFIG}", user="root")
    reading.ssh("systemctl restart edge-digits", user="root")
    wait_until_read(reading)
    before = shown(reading, "MainPID")

    camera.kill()
    camera.wait()
    wait_until(lambda: status(reading)["phase"] == "waiting for the camera", "the loss goes unnoticed")
    time.sleep(GONE_S)
    meanwhile, text = status(reading), shown(reading, "StatusText")["StatusText"]
    start_camera()
    wait_until_read(reading)

    assert meanwhile["phase"] == "waiting for the camera"
    assert text.startswith("waiting for the camera")
    assert shown(reading, "MainPID") == before
    assert shown(reading, "NRestarts") == {"NRestarts": "0"}


def test_a_clock_that_jumps_stops_nothing(reading: VirtualPi, tmp_path: Path) -> None:
    library = tmp_path / "libclock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    shutil.copyfile(library, reading.root / "opt/libclock.so")
    reading.ssh("echo 0 >/etc/clock", user="root")
    settings = ["LD_PRELOAD=/opt/libclock.so", "CLOCK_OFFSET_FILE=/etc/clock"]
    drop_in(reading, *(f"Environment={setting}" for setting in settings), "WatchdogSec=4")
    wait_until_read(reading)
    pid, years = shown(reading, "MainPID")["MainPID"], []
    for days in (500, -500, -15000, 0):
        reading.ssh(f"echo {days * 86400} >/etc/clock", user="root")
        frames = status(reading)["frames"]
        time.sleep(5)  # longer than the watchdog waits
        now = status(reading)
        assert (now["phase"], now["readings"]) == ("reading", ["407"])
        assert now["frames"] > frames + 30  # type: ignore[operator]
        years.append(str(now["read_at"])[:4])

    assert years[0] > years[3] > years[1] > years[2]  # it saw the jumps
    assert shown(reading, "MainPID", "NRestarts") == {"MainPID": pid, "NRestarts": "0"}


def test_models_that_kill_the_loader_are_refused_and_one_that_is_active_is_passed_over(
    reading: VirtualPi, network: Network, tmp_path: Path
) -> None:
    """On the older runtime, whose loader trusts what it reads; the newer one checks it first."""
    config = '[camera]\\nsource = "fake:407"\\n[model]\\nruntime = "tflite"\\n'
    reading.ssh(f"printf '{config}' >{CONFIG} && systemctl restart edge-digits", user="root")
    wait_until_read(reading)
    pid, reasons, crashed = shown(reading, "MainPID"), [], ""
    for seed in range(DAMAGED):
        bundle = damaged_model(tmp_path / f"damaged-{seed}", seed)
        there = f"/tmp/{bundle.name}"
        network.run("rsync", "-e", f"ssh -F {network.ssh_config}", "-a", f"{bundle}/", f"{reading.name}:{there}/")
        told = reading.ssh(f"sudo -u edge-digits {EDGE_APP} models install {there} --activate", check=False)
        if told.returncode:
            reasons.append(told.stderr)
        if "crashed the native loader" in told.stderr:
            crashed = there
    refused = len(reasons)
    assert refused >= DAMAGED - 2, reasons
    assert crashed, reasons
    assert shown(reading, "MainPID") == pid
    print(f"{refused} of {DAMAGED} damaged models refused, {sum('crashed' in r for r in reasons)} killed their loader")

    # However it got there: with a killer as the active bundle, the device starts with another and says so.
    name = hashlib.sha256(f"{crashed}".encode()).hexdigest()[:16]
    reading.ssh(f"cp -r {crashed} {STORE}/bundles/{name} && ln -sfn bundles/{name} {STORE}/active", user="root")
    reading.ssh("systemctl restart edge-digits", user="root")
    wait_until_read(reading)
    now = status(reading)
    reading.ssh(f"rm -r {STORE}/active {STORE}/bundles/{name}", user="root")

    assert now["model"] == embedded_bundle_path().name
    assert f"bundle {name} refused" in str(now["problem"])
    assert "crashed the native loader" in str(now["problem"])


def test_a_model_that_answers_otherwise_than_recorded_is_refused(
    reading: VirtualPi, network: Network, other_bundle: Callable[[int], Path]
) -> None:
    """A sound model with the golden answers of another: as if labels were mixed up in training."""
    bundle = other_bundle(9)  # one that no other test has put into the device's store
    with np.load(bundle / "golden.npz") as arrays:
        golden = dict(arrays)
    golden["outputs"] = np.roll(golden["outputs"], 1, axis=1)
    golden["labels"] = (golden["labels"] + 1) % 10
    np.savez(bundle / "golden.npz", **golden)
    sign_files(bundle, "golden.npz")

    pushed = network.run("scripts/deploy.sh", bundle, reading.name, check=False)
    network.run("rsync", "-e", f"ssh -F {network.ssh_config}", "-a", f"{bundle}/", f"{reading.name}:/tmp/wrong/")
    told = reading.ssh(f"sudo -u edge-digits {EDGE_APP} models install /tmp/wrong --activate", check=False)

    assert (pushed.returncode, told.returncode) == (1, 5)
    assert "golden crops as recorded" in pushed.stderr
    assert "golden crops as recorded" in told.stderr
    assert status(reading)["model"] == embedded_bundle_path().name


def test_reloads_leave_nothing_behind(reading: VirtualPi) -> None:
    pid = shown(reading, "MainPID")["MainPID"]

    def reload() -> None:
        done = status(reading)["reload"]["done"]  # type: ignore[index]
        reading.ssh("systemctl reload edge-digits", user="root")
        wait_until(lambda: status(reading)["reload"]["done"] > done, "no end of reloading")  # type: ignore[index]

    def held() -> tuple[int, int, int]:
        """Memory in KB, threads, descriptors."""
        say = f"awk '/^(VmRSS|Threads):/ {{ print $2 }}' /proc/{pid}/status; ls /proc/{pid}/fd"
        memory, threads, *descriptors = reading.ssh(say, user="root").stdout.split()
        return int(memory), int(threads), len(descriptors)

    for _ in range(5):  # until pools are filled
        reload()
    before = held()
    for _ in range(RELOADS):
        reload()
    after = held()

    print(f"{RELOADS} reloads: {after[0] - before[0]:+} KB, {after[1] - before[1]:+} threads, "
          f"{after[2] - before[2]:+} descriptors")  # fmt: skip
    assert after[0] - before[0] <= GROWTH_KB
    assert after[1:] == before[1:]
    assert status(reading)["readings"] == ["407"]
    assert status(reading)["reload"]["refused"] == ""  # type: ignore[index]


def test_power_cuts_during_an_upgrade_leave_a_device_that_reads(
    make_pi: Callable[[str], VirtualPi], network: Network, wheelhouse: Callable[[str], Path], tmp_path: Path
) -> None:
    pi, chance = make_pi("bookworm"), random.Random(6)
    pi.ssh(f"mkdir -p /etc/edge-digits && printf '[camera]\\nsource = \"fake:407\"\\n' >{CONFIG}", user="root")
    houses = [wheelhouse("bookworm"), another_version(wheelhouse("bookworm"), tmp_path / "wheels")]
    install(network, pi, houses[0])
    pi.ssh("usermod -aG edge-digits pi", user="root")
    wait_until_read(pi)
    began_s = time.monotonic()
    install(network, pi, houses[1])
    took_s = time.monotonic() - began_s
    versions = set()
    for cut in range(CUTS):
        command = ["scripts/install.sh", "--host", pi.name, "--offline", houses[cut % 2]]
        upgrading = threading.Thread(target=network.run, args=command, kwargs={"check": False, "timeout_s": 600})
        upgrading.start()
        time.sleep(chance.uniform(0.05, 1.0) * took_s)
        pi.pull_the_plug()
        upgrading.join()
        pi.boot()
        wait_until_read(pi)
        assert status(pi)["problem"] == ""
        versions.add(pi.ssh("readlink /opt/edge-digits/venv").stdout.strip())
        install(network, pi, houses[cut % 2])
        wait_until_read(pi)
    print(f"{CUTS} power cuts in upgrades of {took_s:.1f} s; came back with {len(versions)} versions")
    pi.close()


def sign_files(bundle: Path, name: str) -> None:
    """Makes the manifest agree with a file that was changed."""
    manifest, content = json.loads((bundle / "manifest.json").read_text()), (bundle / name).read_bytes()
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def damaged_model(folder: Path, seed: int) -> Path:
    """The embedded bundle with a model of which some bytes were changed, and hashes that agree."""
    shutil.copytree(embedded_bundle_path(), folder)
    content, chance = bytearray((folder / "model.tflite").read_bytes()), np.random.default_rng(seed)
    for position in chance.integers(8, 2000, 40).tolist():
        content[position] = int(chance.integers(0, 256))
    (folder / "model.tflite").write_bytes(content)
    sign_files(folder, "model.tflite")
    return folder


def another_version(wheels: Path, folder: Path) -> Path:
    """The same wheels, of which the app's own has one more file."""
    folder.mkdir()
    for wheel in wheels.glob("*.whl"):
        if not wheel.name.startswith("edge_digits-"):
            (folder / wheel.name).hardlink_to(wheel)
            continue
        with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(folder / wheel.name, "w") as new:
            for member in old.infolist():
                new.writestr(member, old.read(member))
            new.writestr("edge_app/another.txt", "another version\n")
    return folder
