"""Topics in, the messages by which Home Assistant finds the device out.

Keys and values are those of its MQTT integration: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from dataclasses import dataclass
from typing import Any

import msgspec

MAKER = "Edge Digits"
NUMBERS = "value_json.numbers"
# "None" is Home Assistant's word for a state that is not known.
NUMBER_TEMPLATE = f"{{{{ {NUMBERS} | map(attribute='text') | join(' ') if {NUMBERS} else 'None' }}}}"
COUNT_TEMPLATE = f"{{{{ {NUMBERS}[0].text | int if {NUMBERS} | count == 1 else 'None' }}}}"
ATTRIBUTES_TEMPLATE = (
    f"{{{{ {{'confidence': {NUMBERS} | map(attribute='confidence') | min if {NUMBERS} else none, "
    f"'numbers': {NUMBERS} | map(attribute='text') | list, 'read_at': value_json.timestamp, "
    "'model': value_json.model} | tojson }}"
)


@dataclass(frozen=True, slots=True)
class Device:
    """What is to be found.

    Attributes:
        id: of the device; letters, digits, "-" and "_".
        name: what a person calls it.
        topic: below which it publishes.
        version: of the app.
        url: of the live page; empty for none.
        meter: whether it reads one number, which is then a figure to draw curves of.
        counts_up: whether that only grows.
    """

    id: str
    name: str
    topic: str
    version: str
    url: str = ""
    meter: bool = False
    counts_up: bool = False


def discovery(device: Device, prefix: str) -> dict[str, bytes]:
    """The retained messages by topic.

    Args:
        device: what is to be found.
        prefix: topic that Home Assistant listens at, "homeassistant" unless it was told otherwise.
    """
    return {
        f"{prefix}/{component}/{device.id}/{key}/config": msgspec.json.encode(_common(device, key) | settings)
        for component, key, settings in _entities(device)
    }


def _common(device: Device, key: str) -> dict[str, Any]:
    about: dict[str, Any] = {
        "identifiers": [device.id],
        "name": device.name,
        "manufacturer": MAKER,
        "model": "Handwritten digit reader",
        "sw_version": device.version,
    }
    if device.url:
        about["configuration_url"] = device.url
    return {
        "unique_id": f"{device.id}_{key}",
        "availability_topic": f"{device.topic}/availability",
        "device": about,
        "origin": {"name": MAKER, "sw_version": device.version},
    }


def _entities(device: Device) -> list[tuple[str, str, dict[str, Any]]]:
    readings, status, command = (f"{device.topic}/{name}" for name in ("readings", "status", "command"))
    number: dict[str, Any] = {
        "name": "Number",
        "icon": "mdi:counter",
        "state_topic": readings,
        "value_template": COUNT_TEMPLATE if device.meter else NUMBER_TEMPLATE,
        "json_attributes_topic": readings,
        "json_attributes_template": ATTRIBUTES_TEMPLATE,
    }
    if device.meter:
        number["state_class"] = "total_increasing" if device.counts_up else "measurement"
    return [
        ("sensor", "number", number),
        ("binary_sensor", "camera", {
            "name": "Camera",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "state_topic": status,
            "value_template": "{{ 'OFF' if value_json.phase == 'reading' else 'ON' }}",
            "json_attributes_topic": status,
            "json_attributes_template": "{{ {'problem': value_json.problem, 'advice': value_json.advice} | tojson }}",
        }),
        ("sensor", "withheld", {
            "name": "Withheld",
            "icon": "mdi:alert-circle-outline",
            "entity_category": "diagnostic",
            "state_topic": status,
            "value_template": "{{ value_json.withheld[0].reason if value_json.withheld else 'nothing' }}",
        }),
        ("sensor", "fps", _figure(status, "Frames a second", "fps", "fps")),
        ("sensor", "latency", _figure(status, "Latency", "latency_ms", "ms") | {"device_class": "duration"}),
        ("sensor", "dropped", _figure(status, "Frames dropped", "dropped", "") | {"state_class": "total_increasing"}),
        ("sensor", "model", {
            "name": "Model",
            "entity_category": "diagnostic",
            "state_topic": status,
            "value_template": "{{ value_json.model }}",
        }),
        ("switch", "publishing", {
            "name": "Publishing",
            "state_topic": status,
            "value_template": "{{ 'resume' if value_json.publishing else 'hold' }}",
            "command_topic": command,
            "payload_on": "resume",
            "payload_off": "hold",
        }),
        ("button", "snapshot", {"name": "Snapshot", "command_topic": command, "payload_press": "snapshot"}),
        ("button", "accept", {"name": "Accept number", "command_topic": command, "payload_press": "accept"}),
    ]  # fmt: skip


def _figure(status: str, name: str, key: str, unit: str) -> dict[str, Any]:
    figure = {
        "name": name,
        "entity_category": "diagnostic",
        "state_class": "measurement",
        "state_topic": status,
        "value_template": f"{{{{ value_json.{key} }}}}",
    }
    return figure | ({"unit_of_measurement": unit} if unit else {})
