"""From the config to whom the loop tells: what is needed is said, secrets come from files, numbers outlive restarts."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_app import connect
from edge_app.config import LoadedConfig, load_config
from edge_app.connect import Controls, build_observers, build_plausibility, host_names, read_secret, wants_page
from edge_app.control import ControlServer
from edge_app.errors import ConfigError
from edge_app.outputs.metrics import Metrics
from edge_app.outputs.mqtt import Mqtt
from edge_app.outputs.web.passwords import hash_password, hash_token
from edge_app.outputs.web.server import Page
from edge_app.outputs.webhook import Webhook
from edge_app.protocols import Observer
from edge_app.requests import Requests
from edge_app.stages.plausible import Accepted
from edge_app.status import Tuning

NOWHERE = Path("/nonexistent/edge-digits.toml")


def loaded(tmp_path: Path, **keys: str) -> LoadedConfig:
    """A config whose store is the test's folder; keys as section_name."""
    flags = {("model", "store"): str(tmp_path), ("web", "port"): "0"}
    flags |= {(name.partition("_")[0], name.partition("_")[2]): value for name, value in keys.items()}
    return load_config(environ={}, flags=flags, system_file=NOWHERE)


@pytest.fixture
def built() -> Iterator[list[Observer]]:
    observers: list[Observer] = []
    yield observers
    for observer in observers:
        observer.close()


def kinds(observers: list[Observer]) -> list[type]:
    return [type(observer) for observer in observers]


CONTROLS = Controls(Requests(), lambda: None)


def test_a_run_by_hand_tells_nobody(tmp_path: Path) -> None:
    assert build_observers(loaded(tmp_path), CONTROLS, {}) == []


def test_under_systemd_there_are_a_socket_and_a_page_and_what_is_configured_besides(
    tmp_path: Path, built: list[Observer]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    config = loaded(tmp_path, mqtt_broker="127.0.0.1", mqtt_port=port, webhook_url=f"http://127.0.0.1:{port}/")

    built += build_observers(config, CONTROLS, {"RUNTIME_DIRECTORY": str(tmp_path)})

    assert kinds(built) == [ControlServer, Mqtt, Webhook, Metrics, Page]


@pytest.mark.parametrize(
    ("enabled", "environ", "wanted"),
    [
        ("auto", {}, False),
        ("auto", {"RUNTIME_DIRECTORY": "/run/edge-digits"}, True),
        ("on", {}, True),
        ("off", {"RUNTIME_DIRECTORY": "/run/edge-digits"}, False),
    ],
)
def test_when_there_is_a_page(tmp_path: Path, enabled: str, environ: dict[str, str], wanted: bool) -> None:
    assert wants_page(loaded(tmp_path, web_enabled=enabled).config, environ) is wanted


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"web_host": "0.0.0.0"}, "shows the camera to the network", id="the network without a password"),
        pytest.param({"web_host": "192.168.1.7"}, "must be set, or auth", id="an address without a password"),
        pytest.param({"web_password": "secret"}, "expected a hash as `edge-app password`", id="the password itself"),
        pytest.param({"web_token": "secret"}, "expected a hash as `edge-app password --token`", id="the token itself"),
        pytest.param({"web_certificate": "x.pem"}, "must both be set", id="half a certificate"),
        pytest.param({"web_certificate": "x.pem", "web_key": "x.key"}, "must be PEM files", id="no certificate"),
    ],
)
def test_a_page_that_would_be_unsafe_is_refused(tmp_path: Path, keys: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        build_observers(loaded(tmp_path, web_enabled="on", **keys), CONTROLS, {})

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        {"web_host": "0.0.0.0", "web_password": hash_password("secret")},
        {"web_host": "0.0.0.0", "web_token": hash_token("secret")},
        {"web_host": "0.0.0.0", "web_auth": "none"},
        {"web_host": "localhost"},
    ],
)
def test_a_page_that_is_safe_or_meant_to_be_open(tmp_path: Path, keys: dict[str, str], built: list[Observer]) -> None:
    built += build_observers(loaded(tmp_path, web_enabled="on", **keys), CONTROLS, {})

    assert kinds(built) == [Metrics, Page]


def test_without_the_extra_a_page_that_nobody_demanded_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, built: list[Observer]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "edge_app.outputs.web.server", None)

    built += build_observers(loaded(tmp_path), CONTROLS, {"RUNTIME_DIRECTORY": str(tmp_path)})

    assert kinds(built) == [ControlServer]
    assert "no live page: the extra `web` is not installed" in caplog.text
    with pytest.raises(ConfigError, match=r"pip install 'edge-digits\[web\]'"):
        build_observers(loaded(tmp_path, web_enabled="on"), CONTROLS, {})


def test_what_is_saved_on_the_page_is_written_and_loaded_anew(tmp_path: Path, built: list[Observer]) -> None:
    reloads: list[str] = []
    config = loaded(tmp_path, web_enabled="on")
    built += build_observers(config, Controls(Requests(), lambda: reloads.append("reload")), {})
    page = built[-1]
    assert isinstance(page, Page)

    page._actions.save(Tuning((0.1, 0.2, 0.3, 0.4), "90", 0.75))

    again = loaded(tmp_path).config
    assert (again.detect.roi, again.detect.orientation, again.read.confidence) == ("0.1, 0.2, 0.3, 0.4", "90", 0.75)
    assert reloads == ["reload"]


def test_secrets_come_from_files_and_from_systemd(tmp_path: Path) -> None:
    (tmp_path / "mqtt").write_text("s3cret\n")

    assert read_secret("k", str(tmp_path / "mqtt"), {}) == "s3cret"
    assert read_secret("k", "mqtt", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "s3cret"
    assert read_secret("k", "", {}) == ""
    with pytest.raises(ConfigError, match=r"mqtt.password_file must be a file that can be read"):
        read_secret("mqtt.password_file", str(tmp_path / "missing"), {})


def test_the_page_is_called_by_the_machines_names_and_those_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect.socket, "gethostname", lambda: "Desk.example.org")

    names = host_names(loaded(tmp_path, web_names="digits.lan, Other.LAN").config)

    assert names == {"desk.example.org", "desk", "desk.local", "digits.lan", "other.lan"}


@pytest.mark.parametrize(
    ("keys", "url", "meter"),
    [
        pytest.param({}, None, False, id="this machine alone"),
        pytest.param({"web_host": "0.0.0.0", "web_auth": "none", "web_enabled": "on"}, "http://desk.local:8080/", False,
                     id="the network"),
        pytest.param({"plausible_digits": "6"}, None, True, id="a meter"),
    ],
)  # fmt: skip
def test_home_assistant_is_told_where_the_page_is_and_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str], url: str | None, meter: bool
) -> None:
    monkeypatch.setattr(connect.socket, "gethostname", lambda: "desk")
    taken: list[Any] = []
    monkeypatch.setattr("edge_app.outputs.mqtt.Mqtt", lambda broker, *_: taken.append(broker))
    config = loaded(tmp_path, mqtt_broker="broker", **{"web_port": "8080"} | keys).config

    connect._mqtt(config, CONTROLS, {})

    (broker,) = taken
    number = json.loads(broker.announcements["homeassistant/sensor/edge-digits-desk/number/config"])
    assert (broker.port, broker.topic, broker.client_id) == (1883, "edge-digits/desk", "edge-digits-desk")
    assert number["device"].get("configuration_url") == url
    assert ("state_class" in number) is meter


def test_the_number_that_was_true_last_outlives_a_restart(tmp_path: Path) -> None:
    config = loaded(tmp_path, plausible_never_decreasing="true").config
    first = build_plausibility(config)
    first._take(Accepted(407, 12.5))

    second = build_plausibility(config)

    assert second._accepted == Accepted(407, 12.5)
    assert msgspec.json.decode((tmp_path / "last-number.json").read_bytes())["value"] == 407
    assert build_plausibility(loaded(tmp_path).config)._accepted is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"value": "many"}', b"\xff"])
def test_a_damaged_memory_costs_only_the_memory(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "last-number.json").write_bytes(content)

    sifter = build_plausibility(loaded(tmp_path, plausible_never_decreasing="true").config)

    assert sifter._accepted is None
    assert "the next number is taken for true" in caplog.text


def test_a_memory_that_cannot_be_written_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sifter = build_plausibility(loaded(tmp_path / "missing", plausible_never_decreasing="true").config)

    sifter._take(Accepted(407, 12.5))

    assert "a restart will forget it" in caplog.text
