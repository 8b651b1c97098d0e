"""A real mosquitto on loopback: readings, status, availability, commands; killed, restarted, locked, encrypted."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.errors import ConfigError
from edge_app.frames import Moment
from edge_app.outputs.backlog import Backlog
from edge_app.outputs.mqtt import Broker, Mqtt
from edge_app.protocols import Command
from edge_app.status import LoopStatus, Phase, Reload
from tests.waiting import PATIENCE_S, wait_until

MakeMoment = Callable[..., Moment]
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"

pytestmark = pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="needs mosquitto (apt install mosquitto)")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Server:
    """A mosquitto that can be killed, and started again with what it remembers."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._config, self._saved = folder / "mosquitto.conf", folder / "mosquitto.db"
        self._config.write_text(
            "\n".join(
                [
                    "persistence true", f"persistence_location {folder}/", "max_queued_messages 0", "user root",
                    f"listener {self.port} 127.0.0.1", *(lines or ("allow_anonymous true",)), "",
                ]
            )
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, "mosquitto does not start")

    def kill(self) -> None:
        """Once it has written down what it has taken and who listens, or both would be gone with it."""
        if self._process is not None:
            before_ns = self._saved_ns()
            self._process.send_signal(signal.SIGUSR1)
            wait_until(lambda: self._saved_ns() > before_ns, "mosquitto saves nothing")
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def _saved_ns(self) -> int:
        return self._saved.stat().st_mtime_ns if self._saved.exists() else 0

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Listener:
    """Somebody else at the broker, who keeps every message."""

    def __init__(self, port: int, name: str = "listener", **credentials: str) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._ready = False
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        self.client.reconnect_delay_set(1, 1)
        if credentials:
            self.client.username_pw_set(**credentials)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=2)
        self.client.on_subscribe = lambda *_: setattr(self, "_ready", True)
        self.client.on_message = lambda _client, _data, message: self.messages.append(
            (message.topic, message.payload, message.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        wait_until(lambda: self._ready, "the listener is not let in")

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for of, payload, _ in self.messages if of == topic]

    def frames(self) -> list[int]:
        """Of the readings as they came; what the broker kept and shows again to whoever comes back is left out."""
        return [
            json.loads(payload)["frame"]
            for topic, payload, retained in self.messages
            if topic == "desk/readings" and not retained
        ]

    def wait_for(self, frame: int) -> None:
        """Until a reading of that frame is the newest that has come, and the broker knows that all have.

        The client answers once the message is handed over, and the broker takes its answers in order: whatever was
        answered before is there when a message that was sent after it is. The first one comes after the last reading.
        """
        wait_until(lambda: self.frames()[-1:] == [frame], lambda: f"{frame} has not come: {self.frames()[-5:]}")
        for _ in range(2):
            self.client.publish("listener/seen", qos=1).wait_for_publish(PATIENCE_S)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "broker").mkdir()
    server = Server(tmp_path / "broker")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def clients() -> Iterator[list[Any]]:
    """What is to be ended, the newest first."""
    clients: list[Any] = []
    yield clients
    for client in reversed(clients):
        if isinstance(client, Mqtt):
            client.close()
        else:
            client.client.disconnect()
            client.client.loop_stop()


def broker(port: int) -> Broker:
    return Broker("127.0.0.1", port, "desk", "edge-digits-test")


def status(moment: Moment | None, phase: Phase = Phase.READING, problem: str = "") -> LoopStatus:
    return LoopStatus(phase, problem, "0123456789abcdef", 1, "fake", 1, 0, 0, 1, 1.0, Reload(), moment)


def all_sent(client: Mqtt) -> bool:
    """Whether all readings told before have reached the broker; an empty inbox may have its last message in hand."""
    worked_off = threading.Event()
    client._inbox.put(worked_off.set)
    assert worked_off.wait(PATIENCE_S)
    return client._connected and not client._under_way and client._backlog.waiting == 0


def start(clients: list[Any], at: Broker, backlog: Backlog | None = None) -> tuple[Mqtt, list[Command]]:
    commands: list[Command] = []
    client = Mqtt(at, backlog or Backlog(None, 100), commands.append)
    clients.append(client)
    return client, commands


def test_readings_status_and_availability_are_told_and_kept_for_those_who_come_later(
    server: Server, clients: list[Any], make_moment: MakeMoment, check_record: Callable[[Any], None]
) -> None:
    early = Listener(server.port, "early")
    clients.append(early)
    client, _ = start(clients, replace(broker(server.port), announcements={"homeassistant/x/config": b"{}"}))
    moment = make_moment(1, "407")

    client.observe(status(moment))
    client.observe(status(moment))
    client.observe(status(make_moment(2, "407", changed=False), problem="dust"))
    wait_until(lambda: len({topic for topic, *_ in early.messages}) == 4, early.messages)
    wait_until(lambda: any(b"dust" in told for told in early.payloads("desk/status")), early.messages)
    listener = Listener(server.port)
    clients.append(listener)
    wait_until(lambda: len(listener.messages) == 4, listener.messages)

    told = {topic: payload for topic, payload, _ in listener.messages}
    assert all(retained for *_, retained in listener.messages)
    assert told["desk/availability"] == b"online"
    assert told["homeassistant/x/config"] == b"{}"
    assert json.loads(told["desk/status"])["problem"] == "dust"
    record = json.loads(told["desk/readings"])
    check_record(record)
    assert [number["text"] for number in record["numbers"]] == ["407"]


def test_commands_are_passed_on_and_others_left_out(
    server: Server, clients: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener(server.port)
    clients.append(listener)
    listener.client.publish("desk/command", b"hold", qos=1, retain=True).wait_for_publish(10)
    client, commands = start(clients, broker(server.port))
    wait_until(lambda: client._connected, "not connected")

    for payload in (b"snapshot", b"hold", b" RESUME\n", b"accept", b"quit", b"pause", b"\xff" * 1000, b"rm -rf /", b""):
        listener.client.publish("desk/command", payload, qos=1)
    listener.client.publish("desk/command", b"snapshot", qos=1)
    wait_until(lambda: len(commands) >= 5, commands)

    expected = [Command.SNAPSHOT, Command.HOLD, Command.RESUME, Command.ACCEPT, Command.SNAPSHOT]
    assert commands == expected
    assert "command must be" in caplog.text


def test_who_dies_is_offline_and_who_leaves_too(server: Server, clients: list[Any]) -> None:
    listener = Listener(server.port)
    clients.append(listener)
    client, _ = start(clients, broker(server.port))
    wait_until(lambda: listener.payloads("desk/availability") == [b"online"], listener.messages)

    dying = client._client.socket()
    assert dying is not None
    dying.shutdown(socket.SHUT_RDWR)  # without a goodbye; it comes back by itself
    wait_until(lambda: listener.payloads("desk/availability")[:3] == [b"online", b"offline", b"online"], "no last will")
    clients.remove(client)
    client.close()

    wait_until(lambda: listener.payloads("desk/availability")[-1] == b"offline", "no goodbye")


def test_of_10000_readings_while_the_broker_is_away_the_newest_arrive_in_order_and_once(
    server: Server, tmp_path: Path, clients: list[Any], make_moment: MakeMoment
) -> None:
    listener = Listener(server.port)
    clients.append(listener)
    server.kill()
    limit = 8000
    client, _ = start(clients, broker(server.port), Backlog(tmp_path / "queue.sqlite", limit))
    began_s = time.monotonic()
    for number in range(10_000):
        client.observe(status(make_moment(number, "7")))
    told_s = time.monotonic() - began_s
    wait_until(lambda: client.waiting == limit and client.dropped == 2000, lambda: (client.waiting, client.dropped))

    server.start()
    wait_until(lambda: all_sent(client), "not all is sent")
    listener.wait_for(9999)

    assert listener.frames() == list(range(2000, 10_000))
    assert client.dropped == 2000
    assert told_s < PATIENCE_S  # the loop went on meanwhile


def test_a_broker_that_is_killed_again_and_again_loses_and_repeats_nothing_with_qos_2(
    server: Server, clients: list[Any], make_moment: MakeMoment, tmp_path: Path
) -> None:
    listener = Listener(server.port)
    clients.append(listener)
    client, _ = start(clients, replace(broker(server.port), qos=2), Backlog(tmp_path / "queue.sqlite", 10_000))
    wait_until(lambda: client._connected, "not connected")

    for number in range(600):
        client.observe(status(make_moment(number, "7")))
        if number % 200 == 100:
            wait_until(lambda: all_sent(client), "not sent")
            listener.wait_for(number)  # what is saved on its way to the listener would be sent to it again
            server.kill()
        if number % 200 == 150:
            server.start()
    listener.wait_for(599)

    assert listener.frames() == list(range(600))
    assert client.dropped == 0


def test_a_new_process_sends_what_the_one_before_could_not(
    server: Server, tmp_path: Path, clients: list[Any], make_moment: MakeMoment
) -> None:
    listener, file = Listener(server.port), tmp_path / "queue.sqlite"
    clients.append(listener)
    server.kill()
    first = Mqtt(broker(server.port), Backlog(file, 100), lambda command: None)
    for number in range(5):
        first.observe(status(make_moment(number, "7")))
    first.close()

    server.start()
    start(clients, broker(server.port), Backlog(file, 100))
    listener.wait_for(4)

    assert listener.frames() == [0, 1, 2, 3, 4]


def test_a_wrong_password_is_said_once_and_the_right_one_works(
    tmp_path: Path, clients: list[Any], make_moment: MakeMoment, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "pi", "secret"], check=True, capture_output=True)
    passwords.chmod(0o600)
    (tmp_path / "broker").mkdir()
    server = Server(tmp_path / "broker", "allow_anonymous false", f"password_file {passwords}")
    server.start()
    refused, _ = start(clients, replace(broker(server.port), username="pi", password="wrong"))
    refused.observe(status(make_moment(1, "7")))
    wait_until(lambda: "the broker refuses us" in caplog.text, lambda: caplog.text)
    time.sleep(2.5)  # two more tries

    listener = Listener(server.port, username="pi", password="secret")
    clients.append(listener)
    right = replace(broker(server.port), client_id="other", username="pi", password="secret")
    client, _ = start(clients, right)
    client.observe(status(make_moment(2, "7")))
    wait_until(lambda: listener.frames() == [2], listener.messages)
    server.kill()

    assert caplog.text.count("the broker refuses us") == 1
    assert refused.waiting == 1


def test_with_tls_the_broker_is_known_by_its_authority_alone(
    tmp_path: Path, clients: list[Any], make_moment: MakeMoment, caplog: pytest.LogCaptureFixture
) -> None:
    ca, key, certificate = authority(tmp_path)
    (tmp_path / "broker").mkdir()
    server = Server(tmp_path / "broker", "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}")
    server.start()
    secure = replace(broker(server.port), tls=True)

    client, _ = start(clients, replace(secure, ca_file=str(ca)))
    client.observe(status(make_moment(1, "7")))
    wait_until(lambda: all_sent(client), "nothing is sent")
    stranger, _ = start(clients, replace(secure, client_id="other"))  # the system's authorities do not know it
    stranger.observe(status(make_moment(1, "7")))
    wait_until(lambda: "cannot be reached" in caplog.text or "connection lost" in caplog.text, lambda: caplog.text)
    server.kill()

    assert not stranger._connected
    with pytest.raises(ConfigError, match="must fit"):
        start(clients, replace(secure, ca_file=str(tmp_path / "missing.pem")))


def authority(folder: Path) -> tuple[Path, Path, Path]:
    """Files of an authority, of a key, and of a certificate for 127.0.0.1 that it signed."""

    def openssl(*arguments: str | Path) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=authority")  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=a")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", "server.pem", "-extfile", "names")  # fmt: skip
    return folder / "ca.pem", folder / "server.key", folder / "server.pem"
