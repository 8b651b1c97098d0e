"""A V4L2 camera through OpenCV on a whole emulated board: arm64's kernel and its virtual camera, the wheels of a Pi.

Takes minutes and a gigabyte, so that only `pytest -m long` runs it.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_arm64 import LIBRARIES, unpack_wheels
from tests.e2e.virtual_pi import cached_root

PARTS = Path(__file__).with_name("vivid")
EMULATOR = "qemu-system-aarch64"
TOOLS = (EMULATOR, "cpio", "depmod")
PACKAGES = ("linux-image-arm64", "dash", "coreutils", "mount", "kmod", "python3", "libstdc++6", "zlib1g")
KEPT_MODULES = ("drivers/media", "drivers/video", "drivers/input")  # the others would only take memory
BOOT_S = 900


@pytest.mark.long
@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"an emulated board needs {', '.join(TOOLS)}")
def test_a_v4l2_camera_is_read_on_arm64(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    tar = cached_root(
        "bookworm", (*PACKAGES, *LIBRARIES["bookworm"]), "--mode=root", "--arch=arm64", "--variant=extract"
    )
    subprocess.run(["tar", "-xf", tar, "-C", root], check=True)
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    kernel = kernel.rename(tmp_path / "kernel")
    prune_modules(root)
    unpack_wheels("bookworm", tmp_path / "wheels", root / "opt/site")
    for name in ("proc", "sys", "dev", "tmp"):
        (root / name).mkdir(exist_ok=True)
    shutil.copy(PARTS / "probe.py", root)
    shutil.copy(PARTS / "init", root)
    (root / "init").chmod(0o755)
    archive = tmp_path / "root.cpio"
    subprocess.run(f"find . -print0 | cpio --null -o -H newc --quiet >{archive}", shell=True, cwd=root, check=True)

    board = [EMULATOR, "-M", "virt", "-cpu", "cortex-a57", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "3072"]
    boot = ["-kernel", kernel, "-initrd", archive, "-append", "console=ttyAMA0 quiet panic=-1"]
    done = subprocess.run(
        [*board, *boot, "-display", "none", "-serial", "stdio", "-monitor", "none", "-nic", "none", "-no-reboot"],
        capture_output=True, text=True, errors="replace", timeout=BOOT_S, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    lines = [line for line in done.stdout.splitlines() if line.startswith("PROBE ")]
    assert lines, done.stdout[-3000:] + done.stderr[-1000:]
    told = json.loads(lines[0].removeprefix("PROBE "))
    print(told)
    assert told["machine"] == "aarch64"
    assert (told["shape"], told["again"]) == ([480, 640], [720, 1280])
    assert told["levels"][1] - told["levels"][0] > 100  # colour bars
    assert told["moves"]  # the time that vivid writes into its picture
    assert "no such camera" in told["absent"]


def prune_modules(root: Path) -> None:
    """Leaves the modules that a camera may need."""
    (modules,) = (root / "lib/modules").iterdir()
    kept = {modules / "kernel" / name for name in KEPT_MODULES}
    for module in (modules / "kernel").rglob("*.ko*"):
        if not kept.intersection(module.parents):
            module.unlink()
    subprocess.run(["depmod", "-b", root, modules.name], check=True)
