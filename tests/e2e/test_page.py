"""The live page under the unit's sandbox: on by default, seen from the network with a password, settings that stay."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.test_service import EDGE_APP, shown, wait_until_read
from tests.e2e.virtual_pi import Network, VirtualPi

CONFIG = "/etc/edge-digits/config.toml"
SETTINGS = "/var/lib/edge-digits/settings.toml"
PORT = 8093  # virtual Pis share one network, and each may have a page at the usual one

# As a browser does: load the page, take cookie and form token from it, change and save.
SAVE = f"""
import http.client, json
def ask(method, path, body=None, headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", {PORT}, timeout=30)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    return answer.status, answer.getheader("Set-Cookie"), answer.read().decode()
_, cookie, page = ask("GET", "/")
token = page.split('name="form-token" content="')[1].split('"')[0]
headers = {{"Cookie": cookie.split(";")[0], "X-Form-Token": token, "Content-Type": "application/json"}}
wanted = json.dumps({{"roi": [0.0, 0.0, 1.0, 0.9], "orientation": "upright", "confidence": 0.55}})
print(ask("POST", "/api/settings", wanted, headers)[0])
import time; time.sleep(1)
print(ask("POST", "/api/settings/save", None, headers)[0])
print(ask("POST", "/api/commands", '{{"command": "snapshot"}}', headers)[0])
"""


@pytest.fixture
def reading(device: VirtualPi) -> Iterator[VirtualPi]:
    """The device with its page at PORT; afterwards as it was before."""
    device.ssh(f"cp {CONFIG} /root/before.toml && printf '[web]\\nport = {PORT}\\n' >>{CONFIG}", user="root")
    device.ssh("systemctl restart edge-digits", user="root")
    wait_until_read(device)
    yield device
    device.ssh(f"cp /root/before.toml {CONFIG}; rm -f {SETTINGS}", user="root")
    device.ssh("systemctl reset-failed edge-digits; systemctl restart edge-digits", user="root")
    wait_until_read(device)


def fetched(network: Network, path: str, *flags: str) -> tuple[int, str]:
    """Status and body, as another machine on the network gets them."""
    done = network.run("curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *flags, f"http://127.0.0.1:{PORT}{path}")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def settings(network: Network) -> Any:
    return json.loads(fetched(network, "/api/settings")[1])


def test_the_service_has_a_page_and_what_is_saved_on_it_stays(reading: VirtualPi, network: Network) -> None:
    status, page = fetched(network, "/")
    numbers = json.loads(fetched(network, "/api/readings")[1])["numbers"]
    health, figures = fetched(network, "/healthz")[0], fetched(network, "/metrics")[1]

    saved = reading.ssh(f"python3 -c {shlex.quote(SAVE)}").stdout.split()
    kept = reading.ssh(f"cat {SETTINGS}").stdout
    reading.ssh("systemctl restart edge-digits", user="root")
    wait_until_read(reading)

    assert (status, "<title>Edge Digits</title>" in page, health) == (200, True, 200)
    assert [number["text"] for number in numbers] == ["407"]
    assert "edge_digits_up 1.0" in figures
    assert saved == ["202", "202", "202"]
    assert "confidence = 0.55" in kept
    wanted = {"roi": [0.0, 0.0, 1.0, 0.9], "orientation": "upright", "confidence": 0.55}
    assert settings(network)["configured"] == wanted
    assert reading.ssh("ls /var/lib/edge-digits/edge-digits-*.png").stdout.count("\n") == 1
    reading.ssh("rm /var/lib/edge-digits/edge-digits-*.png", user="root")


def test_the_network_sees_it_with_a_password_alone(reading: VirtualPi, network: Network) -> None:
    reading.ssh(f"printf 'host = \"0.0.0.0\"\\n' >>{CONFIG}", user="root")
    reading.ssh("systemctl restart edge-digits", user="root", check=False)
    refused = shown(reading, "ExecMainStatus")["ExecMainStatus"]
    said = reading.ssh("journalctl -u edge-digits -n 5 --no-pager -o cat", user="root").stdout

    token, line = reading.ssh(f"{EDGE_APP} password --token 2>&1").stdout.split("shown only now: ")[1].split("\n", 1)
    line = next(part for part in line.splitlines() if part.startswith("token = "))
    reading.ssh(f"printf '%s\\n' {shlex.quote(line)} >>{CONFIG}", user="root")
    reading.ssh("systemctl reset-failed edge-digits; systemctl restart edge-digits", user="root")
    wait_until_read(reading)

    assert refused == "3"
    assert "shows the camera to the network" in said
    assert fetched(network, "/api/readings")[0] == 401
    assert fetched(network, "/api/readings", "-H", f"Authorization: Bearer {token}")[0] == 200
    assert fetched(network, "/", "-H", "Host: evil.example")[0] == 421
