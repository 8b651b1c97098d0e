"""The networks are the ones that were promised, and can be exported."""

from typing import Any

import pytest

from trainer.models import build

LABELS = [str(digit) for digit in range(10)]


def described(layer: Any) -> tuple[Any, ...]:
    kind = type(layer).__name__
    if kind == "Conv2D":
        return kind, layer.filters, layer.kernel_size, layer.strides, layer.padding, layer.activation.__name__
    if kind == "Dense":
        return kind, layer.units, layer.activation.__name__
    if kind == "Dropout":
        return kind, layer.rate
    return (kind, layer.pool_size) if kind == "MaxPooling2D" else (kind,)


def test_the_seed_network_is_exactly_the_tutorials() -> None:
    model = build("seed", LABELS)

    assert [described(layer) for layer in model.layers[1:]] == [
        ("Conv2D", 32, (3, 3), (1, 1), "valid", "relu"),
        ("MaxPooling2D", (2, 2)),
        ("Conv2D", 64, (3, 3), (1, 1), "valid", "relu"),
        ("MaxPooling2D", (2, 2)),
        ("StaticFlatten",),
        ("Dense", 128, "relu"),
        ("Dropout", 0.3),
        ("Dense", 10, "softmax"),
    ]
    assert model.count_params() == 225_034


def test_the_default_network_is_small_and_ends_in_a_global_average() -> None:
    model = build("compact", LABELS)

    assert model.count_params() < 80_000
    assert [described(layer)[0] for layer in model.layers[-3:]] == ["GlobalAveragePooling2D", "Dropout", "Dense"]


def test_the_accurate_network_adds_where_a_convolution_keeps_the_shape() -> None:
    model = build("accurate", LABELS)

    assert model.count_params() < 380_000
    assert [layer.name for layer in model.layers if type(layer).__name__ == "Add"] == ["add3", "add5", "add6", "add7"]


@pytest.mark.parametrize("name", ["seed", "compact", "accurate", "teacher"])
def test_every_layer_is_named_by_hand(name: str) -> None:
    first, second = ([layer.name for layer in build(name, LABELS).layers] for _ in range(2))

    assert first == second


@pytest.mark.parametrize("name", ["seed", "compact", "accurate", "teacher"])
def test_an_eleventh_label_makes_an_eleventh_output(name: str) -> None:
    assert build(name, [*LABELS, "reject"]).output_shape == (None, 11)


def test_an_unknown_network_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="model must be one of seed, compact, accurate, teacher. Received: 'resnet'"):
        build("resnet", LABELS)
