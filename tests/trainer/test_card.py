"""The model card says what was measured and nothing else."""

from trainer.card import model_card
from trainer.footprint import Footprint

ASKED = Footprint(67_000, 3_800_000, 76_864, 9_344, ("CONV_2D", "SOFTMAX"))


def test_a_card_without_figures_invents_none() -> None:
    card = model_card(name="trial", training={}, metrics={}, threshold=0.5, asked=ASKED)

    assert "# trial" in card
    assert "67,000 parameters, 3,800,000 multiply-adds" in card
    assert "9,344 bytes" in card
    assert "corruption" not in card
    assert "| MNIST" not in card


def test_a_card_shows_figures_limits_and_origin() -> None:
    errors = {"fog": 0.3, "shear": 0.01, "blur": 0.2, "scale": 0.1}
    metrics = {
        "images": "MNIST test, 10000 images",
        "accuracy": {"INT8, tflite-runtime": 0.9965},
        "int8_ten_classes": 0.9969,
        "int8_rejected": 0.001,
        "int8_confusion": [[0, 3, 0], [0, 9, 0], [1, 0, 7]],
        "robustness": {"severity": 3, "mean_error": 0.07, "uci_accuracy": 0.96, "errors": errors},
        "calibration": {"error": 0.002},
        "unknown_symbols_accepted": 0.05,
    }
    training = {
        "train_size": 55_000,
        "seed": 4,
        "lessons": {"teachers": [["teacher", 1]]},
        "own_digits": {"crops": 12, "weight": 10},
        "command": "edge-trainer all",
    }

    card = model_card(name="compact", training=training, metrics=metrics, threshold=0.55, asked=ASKED)

    for words in ("0.9965", "7.00%", "fog (30.0% wrong), blur", "0 read as 1 (3 times)", "teacher (seed 1)",
                  "12 crops of the owner's own", "confidence of 0.55", "`edge-trainer all`, seed 4"):  # fmt: skip
        assert words in card
