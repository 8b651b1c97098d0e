"""Turns of the loop in, MQTT messages out; commands come back. A broker that is away costs nothing but memory on disk.

The loop's thread only puts into a queue. A thread of our own keeps the backlog and hands it to paho, which has one
more for the network, reconnects by itself, and sends again what was under way when a connection broke.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.errors import ConfigError
from edge_app.outputs.backlog import Backlog
from edge_app.outputs.contract import encode, moment_record, status_record
from edge_app.protocols import Command
from edge_app.status import LoopStatus

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
COMMANDS: Mapping[bytes, Command] = {
    command.value.encode(): command for command in (Command.SNAPSHOT, Command.HOLD, Command.RESUME, Command.ACCEPT)
}
IN_FLIGHT = 20  # messages that were sent and have not arrived yet
KEEPALIVE_S = 30
LONGEST_WAIT_S = 60  # between two tries to connect; doubled from one second
STATUS_S = 30.0  # between two statuses where nothing but figures has changed
LEAVE_S = 3.0  # for the last messages, at the end


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to and how.

    Attributes:
        host, port: of the broker.
        topic: below which we publish and listen.
        client_id: that the broker keeps our session by.
        qos: of readings.
        username, password: empty for none.
        tls: whether to encrypt.
        ca_file, certificate, key: files; empty for the system's authorities, and no certificate of our own.
        announcements: retained messages for whoever looks for devices, by topic.
    """

    host: str
    port: int
    topic: str
    client_id: str
    qos: int = 1
    username: str = ""
    password: str = ""
    tls: bool = False
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    announcements: Mapping[str, bytes] = field(default_factory=dict)


class Mqtt:
    """The client; see `edge_app.protocols.Observer`.

    Args:
        broker: where to and how.
        backlog: where readings wait; closed at the end.
        command: asks the loop for something.
        clock: monotonic seconds.

    Raises:
        ConfigError: a file for TLS cannot be used.
    """

    def __init__(
        self,
        broker: Broker,
        backlog: Backlog,
        command: Callable[[Command], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker, self._backlog, self._command, self._clock = broker, backlog, command, clock
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._under_way: dict[int, int] = {}
        self._connected = self._stopping = False
        self._status_key: tuple[Any, ...] = ()
        self._status_due_s = 0.0
        self._status: bytes | None = None
        self._refusal = ""
        self._newest_moment: Any = None
        self.waiting = self.dropped = 0
        self._client = self._make_client()
        self._client.connect_async(broker.host, broker.port, KEEPALIVE_S)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._work, name="mqtt-backlog", daemon=True)
        self._thread.start()

    def observe(self, status: LoopStatus) -> None:
        """Takes a turn; costs the loop a comparison, and a record where something has changed."""
        moment = status.moment
        if moment is not None and moment.changed and moment is not self._newest_moment:
            record = encode(moment_record(moment))
            self._inbox.put(lambda: self._backlog.put(record))
        self._newest_moment = moment
        now_s = self._clock()
        withheld = () if moment is None else tuple(held.reason for held in moment.withheld)
        key = (status.phase, status.problem, status.advice, status.held, status.model, status.snapshot, withheld)
        if key != self._status_key or now_s >= self._status_due_s:
            self._status_key, self._status_due_s = key, now_s + STATUS_S
            said = encode(status_record(status))
            self._inbox.put(lambda: self._tell_status(said))

    def close(self) -> None:
        """Sends what it can within LEAVE_S, says goodbye, and keeps the rest for the next start."""
        if self._stopping:
            return
        self._stopping = True
        self._inbox.put(lambda: None)
        self._thread.join(LEAVE_S + 1)
        if self._connected:
            farewell = self._client.publish(self._topic("availability"), OFFLINE, qos=1, retain=True)
            try:
                farewell.wait_for_publish(LEAVE_S)
            except (RuntimeError, ValueError) as error:
                log.debug("mqtt: no goodbye: %s", error)
        self._client.disconnect()
        self._client.loop_stop()
        self._backlog.close()

    def _make_client(self) -> paho.Client:
        broker = self._broker
        client = paho.Client(CallbackAPIVersion.VERSION2, broker.client_id, clean_session=False)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.reconnect_delay_set(1, LONGEST_WAIT_S)
        client.will_set(self._topic("availability"), OFFLINE, qos=1, retain=True)
        if broker.username:
            client.username_pw_set(broker.username, broker.password or None)
        if broker.tls:
            try:
                client.tls_set(broker.ca_file or None, broker.certificate or None, broker.key or None)
            except (OSError, ValueError) as error:
                raise ConfigError(f"the files that mqtt.tls asks for must fit. Received: {error}") from error
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self._inbox.put(
            lambda: self._arrived(mid)
        )
        return client

    def _topic(self, name: str) -> str:
        return f"{self._broker.topic}/{name}"

    # In paho's thread.

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._complain(f"the broker refuses us: {reason}")
            return
        self._refusal = ""
        log.info("mqtt: connected to %s port %d", self._broker.host, self._broker.port)
        client.subscribe(self._topic("command"), qos=1)
        for topic, announcement in self._broker.announcements.items():
            client.publish(topic, announcement, qos=1, retain=True)
        client.publish(self._topic("availability"), ONLINE, qos=1, retain=True)
        self._inbox.put(self._greet)

    def _on_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        self._complain("the broker cannot be reached")

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._connected = False
        if not self._stopping and not self._refusal:
            log.warning("mqtt: connection lost: %s; readings wait", reason)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        command = COMMANDS.get(bytes(message.payload).strip().lower())
        if message.retain or command is None:  # a retained one is of another time
            log.warning("mqtt: command must be snapshot, hold, resume or accept, not retained; one is left out")
        else:
            self._command(command)

    def _complain(self, why: str) -> None:
        """Once for each reason, however often it is tried."""
        if why != self._refusal:
            log.warning("mqtt: %s at %s port %d; trying on, readings wait", why, self._broker.host, self._broker.port)
        self._refusal = why

    # In the backlog's thread.

    def _work(self) -> None:
        while True:
            self._inbox.get()()
            self._send()
            self.waiting, self.dropped = self._backlog.waiting, self._backlog.dropped
            if self._stopping:
                self._finish()
                return

    def _finish(self) -> None:
        """What has come meanwhile, and answers that are under way."""
        deadline_s = time.monotonic() + LEAVE_S
        while (self._connected and (self._under_way or self._backlog.waiting)) or not self._inbox.empty():
            try:
                self._inbox.get(timeout=max(0.0, deadline_s - time.monotonic()))()
            except Empty:
                return
            self._send()

    def _send(self) -> None:
        while self._connected and len(self._under_way) < IN_FLIGHT and (row := self._backlog.take()) is not None:
            number, message = row
            sent = self._client.publish(self._topic("readings"), message, qos=self._broker.qos, retain=True)
            self._under_way[sent.mid] = number

    def _arrived(self, mid: int) -> None:
        number = self._under_way.pop(mid, None)
        if number is not None:
            self._backlog.done(number)

    def _greet(self) -> None:
        self._connected = True
        if self._status is not None:
            self._tell_status(self._status)

    def _tell_status(self, said: bytes) -> None:
        self._status = said
        if self._connected:
            self._client.publish(self._topic("status"), said, qos=0, retain=True)
