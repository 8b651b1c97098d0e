"""The unit under a real systemd: ready, alive, reloading, killed where it hangs, shut in."""

import json
import time

from tests.e2e.virtual_pi import VirtualPi
from tests.waiting import wait_until

EDGE_APP = "/opt/edge-digits/venv/bin/edge-app"


def shown(device: VirtualPi, *names: str) -> dict[str, str]:
    """Properties of the service."""
    lines = device.ssh(f"systemctl show edge-digits -p {','.join(names)}").stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def status(device: VirtualPi) -> dict[str, object]:
    """What the running app says."""
    record: dict[str, object] = json.loads(device.ssh(f"{EDGE_APP} status --json").stdout)
    return record


def wait_until_read(device: VirtualPi) -> None:
    """Until 407 is published."""

    def is_read() -> bool:
        asked = device.ssh(f"{EDGE_APP} status --json", check=False)
        return asked.returncode == 0 and json.loads(asked.stdout).get("readings") == ["407"]

    told = "journalctl -u edge-digits -n 30; systemctl list-jobs; systemctl status edge-digits; journalctl -b -n 50"
    wait_until(is_read, lambda: device.ssh(f"export SYSTEMD_PAGER=; {told}", user="root", check=False).stdout, 0.2)


def test_it_reads_and_tells_systemd_so(device: VirtualPi) -> None:
    wait_until_read(device)
    time.sleep(6)  # a status text is written every five seconds

    properties = shown(device, "ActiveState", "StatusText", "NRestarts")

    assert (properties["ActiveState"], properties["NRestarts"]) == ("active", "0")
    assert properties["StatusText"].startswith("reading, ")
    assert "last reading: 407" in properties["StatusText"]


def test_it_runs_as_its_own_user_and_writes_nowhere_else(device: VirtualPi) -> None:
    pid = shown(device, "MainPID")["MainPID"]

    owner = device.ssh(f"ps -o user= -p {pid} 2>/dev/null || stat -c %U /proc/{pid}", user="root").stdout.strip()
    inside = f"nsenter -t {pid} -m -- su -s /bin/sh edge-digits -c"
    refused = device.ssh(f"{inside} 'touch /etc/x; touch /opt/x; touch /usr/x'", user="root", check=False)
    allowed = device.ssh(f"{inside} 'touch /var/lib/edge-digits/x && rm /var/lib/edge-digits/x'", user="root")

    assert owner.startswith("edge-dig")
    assert refused.stderr.count("Read-only file system") == 3
    assert allowed.returncode == 0


def test_a_reload_keeps_the_process_and_every_frame(device: VirtualPi) -> None:
    wait_until_read(device)
    before, pid = status(device), shown(device, "MainPID")["MainPID"]

    device.ssh("systemctl reload edge-digits", user="root")
    wait_until(lambda: status(device)["reload"]["done"] != before["reload"]["done"])  # type: ignore[index]

    after = status(device)
    assert shown(device, "MainPID", "ActiveState") == {"MainPID": pid, "ActiveState": "active"}
    assert after["reload"]["refused"] == ""  # type: ignore[index]
    assert after["frames"] > before["frames"]  # type: ignore[operator]


def test_a_loop_that_hangs_is_killed_and_started_again(device: VirtualPi) -> None:
    """Stopped by a signal, the process is there, but its loop turns no more. The test has set the watchdog shorter."""
    folder = "/run/systemd/system/edge-digits.service.d"
    device.ssh(f"mkdir -p {folder} && printf '[Service]\\nWatchdogSec=3\\n' >{folder}/test.conf", user="root")
    device.ssh("systemctl daemon-reload && systemctl restart edge-digits", user="root")
    wait_until_read(device)
    pid = shown(device, "MainPID")["MainPID"]

    device.ssh(f"kill -STOP {pid}", user="root")
    wait_until(lambda: shown(device, "MainPID")["MainPID"] not in (pid, "0"), "the watchdog did not bite")

    wait_until_read(device)
    assert shown(device, "NRestarts")["NRestarts"] == "1"
    device.ssh(f"rm -r {folder} && systemctl daemon-reload && systemctl restart edge-digits", user="root")


def test_a_refused_config_is_not_tried_again_and_again(device: VirtualPi) -> None:
    wait_until_read(device)
    config = "/etc/edge-digits/config.toml"
    device.ssh(f"cp {config} /root/config.toml && printf '[camera]\\nwidht = 1\\n' >{config}", user="root")

    device.ssh("systemctl restart edge-digits", user="root", check=False)
    time.sleep(5)
    properties = shown(device, "ActiveState", "NRestarts", "ExecMainStatus")
    said = device.ssh("journalctl -u edge-digits -n 20 --no-pager -o cat", user="root").stdout
    device.ssh(f"cp /root/config.toml {config}; systemctl reset-failed edge-digits", user="root")
    device.ssh("systemctl restart edge-digits", user="root")

    assert properties == {"ActiveState": "failed", "NRestarts": "0", "ExecMainStatus": "3"}
    assert "key of [camera] must be one of" in said
