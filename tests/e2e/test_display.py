"""The unit for a Pi with a screen: a window on the desktop of its user, in place of the service without one."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.test_service import shown, wait_until_read
from tests.e2e.virtual_pi import Network, VirtualPi
from tests.waiting import wait_until

NUMBER = 7  # of the display
UNIT = "edge-digits-display@pi"


@pytest.fixture
def desktop(network: Network) -> Iterator[str]:
    """An X server in the network of the Pis, which their programs reach by its address."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("a desktop needs Xvfb and xdotool")
    server = ["Xvfb", f":{NUMBER}", "-screen", "0", "1280x800x24", "-listen", "tcp", "-ac", "-nolisten", "unix"]
    xvfb = subprocess.Popen(["ip", "netns", "exec", network.name, *server], stderr=subprocess.DEVNULL)
    yield f"127.0.0.1:{NUMBER}"
    xvfb.kill()
    xvfb.wait()


def test_a_window_takes_the_place_of_the_service_and_gives_it_back(
    device: VirtualPi, network: Network, desktop: str
) -> None:
    drop_in = f"/run/systemd/system/{UNIT}.service.d"
    setting = f"Environment=DISPLAY={desktop} QT_QPA_PLATFORM=xcb"
    device.ssh(f"mkdir -p {drop_in} && printf '[Service]\\n{setting}\\n' >{drop_in}/test.conf", user="root")

    device.ssh(f"systemctl daemon-reload && systemctl start {UNIT}", user="root")
    wait_until_read(device)
    search = ["env", f"DISPLAY={desktop}", "xdotool", "search", "--name", "Edge Digits"]
    found = wait_until(lambda: network.run(*search, check=False).stdout, "no window")
    owner = device.ssh(f"systemctl show {UNIT} -p User,ActiveState --value").stdout.split()
    service = shown(device, "ActiveState")["ActiveState"]
    device.ssh(f"systemctl stop {UNIT}; rm -r {drop_in}; systemctl daemon-reload", user="root")
    device.ssh("systemctl start edge-digits", user="root")

    assert found
    assert sorted(owner) == ["active", "pi"]
    assert service == "inactive"
    wait_until_read(device)
