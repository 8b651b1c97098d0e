"""What Home Assistant is told, held to what its MQTT integration documents for each kind of entity."""

import json
import re
from typing import Any

import pytest

from edge_app.outputs.homeassistant import Device, discovery

DEVICE = Device("edge-digits-desk", "Edge Digits desk", "edge-digits/desk", "0.1.0")

# https://www.home-assistant.io/integrations/mqtt/ and its pages on each kind: keys that may be, and those that must.
COMMON = {"availability_topic", "device", "entity_category", "icon", "json_attributes_template",
          "json_attributes_topic", "name", "origin", "qos", "unique_id"}  # fmt: skip
KINDS: dict[str, tuple[set[str], set[str]]] = {
    "sensor": (
        {"device_class", "state_class", "state_topic", "unit_of_measurement", "value_template"}, {"state_topic"},
    ),
    "binary_sensor": ({"device_class", "payload_on", "payload_off", "state_topic", "value_template"}, {"state_topic"}),
    "switch": ({"command_topic", "payload_on", "payload_off", "state_topic", "value_template"}, {"command_topic"}),
    "button": ({"command_topic", "payload_press"}, {"command_topic"}),
}  # fmt: skip
DEVICE_KEYS = {"configuration_url", "identifiers", "manufacturer", "model", "name", "sw_version"}
DEVICE_CLASSES = {"sensor": {"duration"}, "binary_sensor": {"problem"}}
DURATION_UNITS = {"d", "h", "min", "s", "ms", "µs"}
STATE_CLASSES = {"measurement", "total", "total_increasing"}


def messages(device: Device = DEVICE) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, topic and content of each."""
    return [
        (topic.split("/")[1], topic, json.loads(message))
        for topic, message in discovery(device, "homeassistant").items()
    ]


def number_of(device: Device) -> dict[str, Any]:
    return next(content for _, topic, content in messages(device) if "/number/" in topic)


@pytest.mark.parametrize(("kind", "topic", "content"), [pytest.param(*row, id=row[1]) for row in messages()])
def test_each_message_is_what_is_documented(kind: str, topic: str, content: dict[str, Any]) -> None:
    allowed, demanded = KINDS[kind]

    assert re.fullmatch(r"homeassistant/[a-z_]+/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/config", topic)
    assert set(content) <= COMMON | allowed
    assert set(content) >= demanded | {"unique_id", "device", "origin", "availability_topic", "name"}
    assert set(content["device"]) <= DEVICE_KEYS
    assert content["device"]["identifiers"]
    assert content["origin"]["name"]
    assert content.get("entity_category", "diagnostic") == "diagnostic"
    assert content.get("state_class", "measurement") in STATE_CLASSES
    if "device_class" in content:
        assert content["device_class"] in DEVICE_CLASSES[kind]
    if content.get("device_class") == "duration":
        assert content["unit_of_measurement"] in DURATION_UNITS
    if "json_attributes_template" in content:
        assert "json_attributes_topic" in content


def test_what_it_is_all_about_is_there() -> None:
    kinds = {topic.split("/")[3]: kind for kind, topic, _ in messages()}

    assert kinds["number"] == "sensor"
    assert kinds["camera"] == "binary_sensor"
    assert (kinds["publishing"], kinds["snapshot"], kinds["accept"]) == ("switch", "button", "button")
    assert {"fps", "latency", "dropped", "model", "withheld"} <= set(kinds)


def test_no_two_are_the_same() -> None:
    ids = [content["unique_id"] for _, _, content in messages()]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("device", "state_class"),
    [
        pytest.param(DEVICE, None, id="a page: text"),
        pytest.param(Device("a", "a", "a", "1", meter=True), "measurement", id="a meter: a figure"),
        pytest.param(Device("a", "a", "a", "1", meter=True, counts_up=True), "total_increasing", id="one that grows"),
    ],
)
def test_a_meter_is_a_figure_to_draw_curves_of(device: Device, state_class: str | None) -> None:
    number = number_of(device)

    assert number.get("state_class") == state_class
    assert ("int" in number["value_template"]) == (state_class is not None)


@pytest.mark.parametrize(
    ("device", "numbers", "state"),
    [
        pytest.param(DEVICE, ["407", "12"], "407 12", id="two"),
        pytest.param(DEVICE, [], "None", id="none"),
        pytest.param(Device("a", "a", "a", "1", meter=True), ["00407"], "407", id="a meter"),
        pytest.param(Device("a", "a", "a", "1", meter=True), ["1", "2"], "None", id="a meter with two numbers"),
    ],
)
def test_the_templates_give_the_state(device: Device, numbers: list[str], state: str) -> None:
    """Rendered by Jinja, which Home Assistant uses, too."""
    jinja2 = pytest.importorskip("jinja2")
    record = {"numbers": [{"text": text, "confidence": 0.9} for text in numbers], "timestamp": "t", "model": "m"}
    number = number_of(device)

    rendered = jinja2.Environment().from_string(number["value_template"]).render(value_json=record)
    environment = jinja2.Environment()
    environment.filters["tojson"] = json.dumps
    attributes = json.loads(environment.from_string(number["json_attributes_template"]).render(value_json=record))

    assert rendered == state
    assert attributes == {"confidence": 0.9 if numbers else None, "numbers": numbers, "read_at": "t", "model": "m"}


def test_the_page_is_linked_where_others_can_open_it() -> None:
    linked = number_of(Device("a", "a", "a", "1", url="http://desk.local:8080/"))

    assert linked["device"]["configuration_url"] == "http://desk.local:8080/"
    assert "configuration_url" not in number_of(DEVICE)["device"]
