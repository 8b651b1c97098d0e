"""A checked config in, whom the loop tells how it is out: systemd, control socket, live page, MQTT, webhook."""

import logging
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edge_app import __version__
from edge_app.assemble import tuning_values
from edge_app.config import Config, LoadedConfig, save_settings, settings_file
from edge_app.control import SOCKET_NAME, ControlServer
from edge_app.devices.board import board_celsius, board_throttled
from edge_app.errors import ConfigError, ServiceError
from edge_app.files import write_whole
from edge_app.outputs.backlog import Backlog
from edge_app.outputs.homeassistant import Device, discovery
from edge_app.outputs.webhook import Hook, Webhook
from edge_app.protocols import Observer, Outbox
from edge_app.requests import Requests
from edge_app.stages.plausible import Accepted, Plausibility
from edge_app.status import Tuning
from edge_app.systemd import Notifier

log = logging.getLogger(__name__)

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
QUEUE_NAME, ACCEPTED_NAME = "mqtt.sqlite", "last-number.json"
LONGEST_SECRET = 4096


@dataclass(frozen=True, slots=True)
class Controls:
    """What those whom the loop tells can ask back.

    Attributes:
        requests: of the loop.
        reload: asks for model and settings to be loaded anew.
    """

    requests: Requests
    reload: Callable[[], None]


def build_observers(
    loaded: LoadedConfig, controls: Controls, environ: Mapping[str, str] = os.environ
) -> list[Observer]:
    """Whom the loop tells how it is.

    Raises:
        ConfigError: what is configured cannot work, or an extra is missing.
    """
    config = loaded.config
    observers: list[Observer] = []
    if (notifier := Notifier.from_environment()) is not None:
        observers.append(notifier)
    if (control := control_path(config, environ)) is not None:
        try:
            observers.append(ControlServer(control, controls.reload))
        except ServiceError as error:
            log.warning("no control socket: %s; `edge-app status` cannot ask this run", error)
    outboxes: dict[str, Outbox] = {}
    if config.mqtt.broker:
        outboxes["mqtt"] = _mqtt(config, controls, environ)
    if config.webhook.url:
        secret = read_secret("webhook.secret_file", config.webhook.secret_file, environ)
        outboxes["webhook"] = Webhook(Hook(config.webhook.url, secret.encode(), config.webhook.timeout_s))
    observers.extend(outboxes.values())
    if wants_page(config, environ):
        observers.extend(_page(config, controls, outboxes))
    return observers


def control_path(config: Config, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the control socket is to be; None for nowhere."""
    if config.service.control != "auto":
        return Path(config.service.control) if config.service.control else None
    runtime = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(runtime) / SOCKET_NAME if runtime else None


def wants_page(config: Config, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is to be a live page: where systemd runs the app, unless the config says otherwise."""
    return config.web.enabled == "on" or (config.web.enabled == "auto" and "RUNTIME_DIRECTORY" in environ)


def build_plausibility(config: Config) -> Plausibility:
    """The sifter with what was taken for true before a restart."""
    file = Path(config.model.store) / ACCEPTED_NAME
    if not (config.plausible.max_step_per_hour >= 0 or config.plausible.never_decreasing):
        return Plausibility()
    accepted = None
    try:
        accepted = msgspec.json.decode(file.read_bytes(), type=Accepted)
    except FileNotFoundError:
        log.debug("no number was taken for true before")
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("%s cannot be used: %s; the next number is taken for true", file, error)
    return Plausibility(accepted=accepted, keep=lambda taken: _keep(taken, file))


def read_secret(key: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """What a file holds, without the line end: at a path, or under a name among systemd's credentials.

    Args:
        key: of the config, for messages.
        name: path or name; empty for none.

    Raises:
        ConfigError: it cannot be read.
    """
    if not name:
        return ""
    credentials = environ.get("CREDENTIALS_DIRECTORY", "")
    path = Path(credentials, name) if credentials and "/" not in name else Path(name)
    try:
        return path.read_bytes()[:LONGEST_SECRET].decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{key} must be a file that can be read. Received: {path}: {error}") from error


def host_names(config: Config) -> frozenset[str]:
    """What browsers may call us, in lower case."""
    own = socket.gethostname().lower()
    listed = (name.strip().lower() for name in config.web.names.split(","))
    return frozenset({own, own.partition(".")[0], f"{own.partition('.')[0]}.local", *listed} - {""})


def _keep(accepted: Accepted, file: Path) -> None:
    """Writes it whole or not at all; where that fails, only a restart will have forgotten it."""
    try:
        write_whole(file, msgspec.json.encode(accepted))
    except OSError as error:
        log.warning("%s cannot be written: %s; a restart will forget it", file, error.strerror or error)


def _page(config: Config, controls: Controls, outboxes: Mapping[str, Outbox]) -> list[Observer]:
    """The live page with what it shows to Prometheus."""
    try:
        from edge_app.outputs.metrics import Metrics
        from edge_app.outputs.web.changes import Actions
        from edge_app.outputs.web.server import Page, Place
    except ImportError as error:
        if config.web.enabled == "on":
            raise ConfigError(f"web.enabled needs the extra `web`: pip install 'edge-digits[web]' ({error})") from error
        log.warning("no live page: the extra `web` is not installed: %s", error)
        return []
    from edge_app.outputs.web.guard import Access
    from edge_app.outputs.web.passwords import check_password_hash

    web = config.web
    if web.password:
        try:
            check_password_hash(web.password)
        except ValueError as error:
            raise ConfigError(f"web.password: {error}") from error
    if web.token and not re.fullmatch(r"sha256\$[0-9a-f]{64}", web.token):
        raise ConfigError("web.token: expected a hash as `edge-app password --token` prints it")
    guarded = web.auth != "none" and bool(web.password or web.token)
    if web.host not in LOOPBACK and not guarded and web.auth != "none":
        raise ConfigError(
            f"web.host = {web.host!r} shows the camera to the network, so web.password (see `edge-app password`) or "
            'web.token must be set, or auth = "none" be written. Received: neither'
        )
    if bool(web.certificate) != bool(web.key):
        raise ConfigError("web.certificate and web.key must both be set, or neither")
    access = Access(web.password, web.token, host_names(config), open=not guarded)
    metrics = Metrics(outboxes, board_celsius, board_throttled)

    def save(tuning: Tuning) -> None:
        save_settings(settings_file(config), tuning_values(tuning))
        controls.reload()

    actions = Actions(controls.requests.command, controls.requests.tune, save, metrics.text)
    return [metrics, Page(Place(web.host, web.port, web.certificate, web.key), access, actions)]


def _mqtt(config: Config, controls: Controls, environ: Mapping[str, str]) -> Outbox:
    try:
        from edge_app.outputs.mqtt import Broker, Mqtt
    except ImportError as error:
        raise ConfigError(f"mqtt.broker needs the extra `mqtt`: pip install 'edge-digits[mqtt]' ({error})") from error
    mqtt, host = config.mqtt, socket.gethostname().partition(".")[0]
    broker = Broker(
        mqtt.broker,
        mqtt.port or (8883 if mqtt.tls else 1883),
        mqtt.topic.replace("{host}", host).strip("/"),
        f"edge-digits-{host}",
        mqtt.qos,
        mqtt.username,
        read_secret("mqtt.password_file", mqtt.password_file, environ),
        mqtt.tls,
        mqtt.ca_file,
        mqtt.certificate,
        mqtt.key,
    )
    if mqtt.discovery:
        device = _device(config, broker.topic, host)
        broker = replace(broker, announcements=discovery(device, mqtt.discovery.strip("/")))
    return Mqtt(broker, Backlog(_queue_file(config), mqtt.queue_length), controls.requests.command)


def _device(config: Config, topic: str, host: str) -> Device:
    """What Home Assistant is told of us."""
    web, plausible = config.web, config.plausible
    scheme = "https" if web.certificate else "http"
    name = web.host if web.host not in ("0.0.0.0", "::") else f"{host}.local"
    url = f"{scheme}://{name}:{web.port}/" if wants_page(config) and web.host not in LOOPBACK else ""
    return Device(
        id=re.sub(r"[^A-Za-z0-9_-]", "_", f"edge-digits-{host}"),
        name=f"Edge Digits {host}",
        topic=topic,
        version=__version__,
        url=url,
        meter=bool(plausible.digits) or plausible.never_decreasing or plausible.max_step_per_hour >= 0,
        counts_up=plausible.never_decreasing,
    )


def _queue_file(config: Config) -> Path | None:
    if config.mqtt.queue != "auto":
        return Path(config.mqtt.queue)
    store = Path(config.model.store)
    return store / QUEUE_NAME if os.access(store, os.W_OK) else None
