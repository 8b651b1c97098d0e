"""The wheels that a Pi gets, on an emulated arm64 processor: they import, and answer as they do on this machine."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden
from edge_app.devices.cameras.fake import scene
from tests.e2e.virtual_pi import PYTHONS, REPOSITORY, cached_root
from trainer.data import load_mnist, prepare

EMULATOR = "qemu-aarch64-static"
PROBE = Path(__file__).with_name("arm64_probe.py")
LIBRARIES = {"bookworm": ("libgl1", "libglib2.0-0"), "trixie": ("libgl1", "libglib2.0-0t64")}
RUNTIMES = {"bookworm": {"tflite", "litert"}, "trixie": {"litert"}}
DIGITS = 1000  # of MNIST's test images, beside the golden crops
TEXT = "407 12"


@pytest.mark.skipif(shutil.which(EMULATOR) is None, reason=f"arm64 is emulated by {EMULATOR}")
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_int8_labels_on_arm64_are_those_of_this_machine(suite: str, tmp_path: Path) -> None:
    root, exchange = tmp_path / "root", tmp_path / "root" / "exchange"
    root.mkdir()
    packages = ("python3", "libstdc++6", "zlib1g", *LIBRARIES[suite])
    tar = cached_root(suite, packages, "--mode=root", "--arch=arm64", "--variant=extract")
    subprocess.run(["tar", "-xf", tar, "-C", root], check=True)
    if not (root / "lib").exists():  # trixie's packages are in /usr/lib alone; its installer makes the link
        (root / "lib").symlink_to("usr/lib")
    shutil.copy(str(shutil.which(EMULATOR)), root)
    unpack_wheels(suite, tmp_path / "wheels", root / "opt/site")
    exchange.mkdir()
    shutil.copy(PROBE, exchange)
    golden = read_golden(load_bundle(embedded_bundle_path()))
    crops = np.concatenate([golden.crops, prepare(load_mnist(None).test.take(slice(DIGITS))).images])
    np.save(exchange / "crops.npy", crops)
    cv2.imwrite(str(exchange / "picture.png"), next(scene((640, 480), TEXT)))
    here = tmp_path / "here"
    shutil.copytree(exchange, here)

    python = f"/usr/bin/python{PYTHONS[suite]}"
    env = {"PYTHONPATH": "/opt/site", "PATH": "/usr/bin:/usr/sbin", "OPENBLAS_NUM_THREADS": "1"}
    there = run(["chroot", root, f"/{EMULATOR}", python, "/exchange/arm64_probe.py", "/exchange"], env, exchange)
    ours = run(
        [sys.executable, here / "arm64_probe.py", here], dict(os.environ) | {"PYTHONPATH": str(REPOSITORY)}, here
    )

    assert there["machine"] == "aarch64"
    assert set(there["runtimes"]) == RUNTIMES[suite]
    for runtime, texts in there["runtimes"].items():
        assert texts == ours["runtimes"][runtime] == TEXT.split()
        answers, expected = np.load(exchange / f"{runtime}.npy"), np.load(here / f"{runtime}.npy")
        other = np.flatnonzero(answers.argmax(axis=1) != expected.argmax(axis=1)).tolist()
        apart = int(np.abs(answers.astype(int) - expected).max())
        print(f"{suite}, {runtime}, Python {there['python']}: {len(crops)} crops, other labels: {other or 'none'}, "
              f"outputs at most {apart} steps apart")  # fmt: skip
        assert not other


def unpack_wheels(suite: str, wheels: Path, site: Path) -> None:
    """What scripts/wheelhouse.sh collects for an arm64 Pi, where its Python finds it."""
    command = ["scripts/wheelhouse.sh", "--python", PYTHONS[suite], "--arch", "arm64", str(wheels)]
    subprocess.run(command, check=True, cwd=REPOSITORY, timeout=600)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


def run(command: Sequence[str | Path], env: dict[str, str], folder: Path) -> dict[str, Any]:
    """What the probe says."""
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return answers
