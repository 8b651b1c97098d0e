"""A new bundle on a running app: taken up, or refused and the old one back. The app is real, the camera drawn."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path
from edge_app.control import ask
from edge_app.store import Store
from tests.waiting import wait_until

Run = Callable[..., "subprocess.CompletedProcess[str]"]
OtherBundle = Callable[[int], Path]


class Device:
    """A store, a socket and a running app."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.store, self.socket = Store(folder / "store"), folder / "run" / "control.sock"
        self.socket.parent.mkdir()
        slow = {"EDGE_DIGITS_CAMERA_FPS": "5"}  # so that a busy machine drops no frame for want of time
        self._environment = environment | {"RUNTIME_DIRECTORY": str(self.socket.parent)} | slow
        self.flags = [f"--store={self.store.folder}", "--runtime=tflite"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, camera: str = "fake:407", errors: Path | None = None) -> None:
        """Starts the app and waits for its first turn."""
        command = [sys.executable, "-m", "edge_app", "run", "--camera", camera, "--window=off", *self.flags]
        with (errors or self.socket.parent / "log").open("wb") as log:
            process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL, stderr=log)
        self._process = process

        def turns() -> bool:
            assert process.poll() is None, (errors or self.socket.parent / "log").read_text()
            return self.socket.exists() and "phase" in ask(self.socket)

        wait_until(turns)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(30) == 0


@pytest.fixture
def device(tmp_path: Path, app_environment: dict[str, str]) -> Iterator[Device]:
    device = Device(tmp_path, app_environment)
    yield device
    device.stop()


def models(edge_app: Run, device: Device, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    extra = [] if arguments[0] in ("list", "prune") else ["--socket", device.socket]
    return edge_app("models", *arguments, *extra, *device.flags)


def test_a_running_app_takes_up_a_new_bundle_and_the_old_one_again(
    device: Device, edge_app: Run, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    new = other_bundle(1)
    device.start()

    done = models(edge_app, device, "install", new, "--activate")
    assert done.returncode == 0, done.stderr
    first = device.store.active()
    assert first is not None
    status = ask(device.socket)
    assert status["model"] == first.name
    assert status["model_frames"] > 0
    assert status["problem"] == ""

    models(edge_app, device, "install", embedded_bundle_path(), "--activate")
    assert ask(device.socket)["model"] == embedded_bundle_path().name
    done = models(edge_app, device, "rollback")

    assert "the running app reads with it" in done.stdout
    assert ask(device.socket)["model"] == first.name
    assert ask(device.socket)["reload"]["done"] == 3
    assert ask(device.socket)["dropped"] == 0
    models(edge_app, device, "activate", first.name)
    again = models(edge_app, device, "activate", first.name)
    assert "unchanged" in again.stdout


def wrong_bundle(other_bundle: OtherBundle) -> Path:
    """Whole, but its golden answers are not the model's."""
    source = other_bundle(7)
    with np.load(source / "golden.npz") as arrays:
        golden = {name: arrays[name] for name in arrays}
    np.savez(source / "golden.npz", **(golden | {"outputs": np.roll(golden["outputs"], 1, axis=1)}))
    content = (source / "golden.npz").read_bytes()
    manifest = json.loads((source / "manifest.json").read_text())
    manifest["files"]["golden.npz"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (source / "manifest.json").write_text(json.dumps(manifest))
    return source


def test_a_bundle_that_answers_wrongly_is_never_switched_to(
    device: Device, edge_app: Run, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    device.start()

    refused = models(edge_app, device, "install", wrong_bundle(other_bundle), "--activate")

    assert refused.returncode == 5
    assert "must answer its 100 golden crops as recorded" in refused.stderr
    assert device.store.active() is None
    assert ask(device.socket)["reload"]["done"] == 0


def test_an_app_that_refuses_the_bundle_makes_it_switch_back(
    device: Device, edge_app: Run, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    """The running app is told by its config to use another runtime than there is, as after a failed upgrade."""
    good = device.store.install(other_bundle(1))
    device.store.activate(good.name)
    config = tmp_path / "config.toml"
    config.write_text("")
    device.flags.append(f"--config={config}")
    device.start()
    config.write_text("[detect]\nmin_height_px = 'tall'\n")
    device.flags.pop()

    refused = models(edge_app, device, "install", embedded_bundle_path(), "--activate")

    assert refused.returncode == 10
    assert "detect.min_height_px" in refused.stderr
    assert f"{good.name} is active again" in refused.stderr
    assert (device.store.active(), device.store.previous()) == (good, None)
    assert ask(device.socket)["model"] == good.name


def _settled_with(device: Device, bundle_id: str) -> bool:
    status = ask(device.socket)
    return bool(status["reload"]["done"] and not status["reload"]["under_way"] and status["model"] == bundle_id)


def test_an_app_that_takes_a_bundle_up_too_late_goes_back_as_well(
    device: Device, edge_app: Run, other_bundle: OtherBundle
) -> None:
    device.start()

    late = models(edge_app, device, "install", other_bundle(1), "--activate", "--timeout=0.1")

    assert late.returncode == 10
    assert "did not read a frame with it within" in late.stderr
    assert device.store.active() is None
    wait_until(lambda: _settled_with(device, embedded_bundle_path().name))  # two requests between frames are one reload


def test_without_a_running_app_a_bundle_is_only_activated(device: Device, edge_app: Run) -> None:
    done = models(edge_app, device, "install", embedded_bundle_path(), "--activate")

    assert done.returncode == 0, done.stderr
    assert "no running app was told" in done.stdout
    listed = json.loads(models(edge_app, device, "list", "--json").stdout)
    assert [(bundle["name"], bundle["active"]) for bundle in listed] == [("compact", True)]


def test_a_start_with_a_damaged_active_bundle_reads_with_the_one_before(
    device: Device, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    first = device.store.install(other_bundle(1))
    second = device.store.install(other_bundle(2))
    device.store.activate(first.name)
    device.store.activate(second.name)
    (second / "model.tflite").write_bytes(b"damaged")

    device.start()

    status = ask(device.socket)
    assert status["model"] == first.name
    assert status["problem"].startswith(f"bundle {second.name} refused: ")


def test_a_start_without_any_whole_bundle_reads_with_the_embedded_one(
    device: Device, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    only = device.store.install(other_bundle(1))
    device.store.activate(only.name)
    (only / "manifest.json").write_text("{}")

    device.start()

    assert ask(device.socket)["model"] == embedded_bundle_path().name


def test_a_device_without_a_camera_takes_up_a_bundle(
    device: Device, edge_app: Run, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    device.start(camera="/dev/video99")

    done = models(edge_app, device, "install", other_bundle(1), "--activate")

    assert done.returncode == 0, done.stderr
    assert ask(device.socket)["phase"] == "waiting for the camera"


def test_the_status_can_be_asked_for_by_a_person(device: Device, edge_app: Run) -> None:
    device.start()

    asked = edge_app("status", "--socket", device.socket)

    assert asked.returncode == 0, asked.stderr
    assert "phase:          reading" in asked.stdout
    assert edge_app("status", "--socket", "/nonexistent").returncode == 9


def test_the_first_bundle_is_rolled_back_to_the_embedded_one(
    device: Device, edge_app: Run, other_bundle: OtherBundle
) -> None:
    assert models(edge_app, device, "rollback").returncode == 8
    device.start()
    models(edge_app, device, "install", other_bundle(1), "--activate")

    done = models(edge_app, device, "rollback")

    assert done.returncode == 0, done.stderr
    assert ask(device.socket)["model"] == embedded_bundle_path().name
    assert device.store.active() is None


def test_hundreds_of_reloads_cost_neither_memory_nor_descriptors(app_environment: dict[str, str]) -> None:
    """The same loading as at a reload, without the process that tries each model first."""
    script = """
import os, resource
from edge_app.assemble import build_reader
from edge_app.verified import bundle_paths, load_model
from edge_app.config import load_config

def rss_kib():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

config = load_config(environ={}).config
for turn in range(1001):
    reader = build_reader(config, load_model(config, bundle_paths(config)[0], verify=False))
    reader.close()
    if turn in (100, 1000):
        print(rss_kib(), len(os.listdir("/proc/self/fd")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=app_environment, capture_output=True, text=True, timeout=250, check=True
    )

    (early_kib, early_files), (late_kib, late_files) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert late_files == early_files
    assert late_kib - early_kib < 4096, f"{early_kib} KiB after 100 reloads, {late_kib} after 1,000"
