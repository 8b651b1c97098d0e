"""Config layers: defaults, file, environment, flags; whatever does not fit is refused by name."""

import re
from pathlib import Path

import pytest

from edge_app.config import flag_layer_values, load_config, save_settings, settings_file, values_of
from edge_app.errors import ConfigError

NOWHERE = Path("/nonexistent/edge-digits.toml")


def write(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_defaults_stand_alone() -> None:
    loaded = load_config(environ={}, system_file=NOWHERE)

    assert loaded.config.camera.source == "auto"
    assert set(loaded.origins.values()) == {"default"}


def test_every_default_is_explained_by_a_comment_above_it() -> None:
    text = (Path(__file__).parents[1] / "edge_app" / "default.toml").read_text(encoding="utf-8")
    explained = set()
    block_has_comment = False
    for line in text.splitlines():
        if line.startswith("#"):
            block_has_comment = True
        elif "=" in line and block_has_comment:
            explained.add(line.partition("=")[0].strip())
        elif not line.strip() or line.startswith("["):
            block_has_comment = False

    names = {name for _, name in values_of(load_config(environ={}, system_file=NOWHERE).config)}

    assert names == explained


def test_later_layers_win_and_say_so(tmp_path: Path) -> None:
    file = write(tmp_path, "[camera]\nwidth = 640\nheight = 480\nfps = 15\n")
    environ = {"EDGE_DIGITS_CAMERA_HEIGHT": "360", "EDGE_DIGITS_CAMERA_FPS": "20", "HOME": "/"}

    loaded = load_config(file, environ, flags={("camera", "fps"): "25"})

    assert (loaded.config.camera.width, loaded.config.camera.height, loaded.config.camera.fps) == (640, 360, 25.0)
    assert loaded.origins["camera", "width"] == str(file)
    assert loaded.origins["camera", "height"] == "environment"
    assert loaded.origins["camera", "fps"] == "command line"
    assert loaded.origins["camera", "source"] == "default"


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    file = write(tmp_path, "[log]\nlevel = 'debug'\n")

    assert load_config(environ={"EDGE_DIGITS_CONFIG": str(file)}).config.log.level == "debug"


def test_text_is_read_as_the_type_of_its_key() -> None:
    environ = {
        "EDGE_DIGITS_OUTPUT_JSON": "true",
        "EDGE_DIGITS_READ_CONFIDENCE": "0.5",
        "EDGE_DIGITS_CAMERA_SOURCE": "0",
    }

    config = load_config(environ=environ, system_file=NOWHERE).config

    assert (config.output.json, config.read.confidence, config.camera.source) == (True, 0.5, "0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[camera]\nwidht = 640", "key of [camera] must be one of", id="unknown key"),
        pytest.param("[kamera]\nwidth = 640", "section must be one of", id="unknown section"),
        pytest.param("width = 640", "keys must stand in a [section]. Received: width = 640", id="no section"),
        pytest.param(
            "[camera]\nwidth = 'wide'",
            "camera.width: Expected `int`, got `str`. Received: 'wide'",
            id="wrong type",
        ),
        pytest.param("[camera]\nwidth = '640'", "camera.width: Expected `int`, got `str`", id="text for a number"),
        pytest.param("[camera]\nwidth = 3", "camera.width: Expected `int` >= 16. Received: 3", id="too small"),
        pytest.param(
            "[read]\nconfidence = 1.5", "read.confidence: Expected `float` <= 1.0. Received: 1.5", id="too large"
        ),
        pytest.param(
            "[model]\nruntime = 'torch'",
            "model.runtime: Expected one of auto, litert, tflite. Received: 'torch'",
            id="no such choice",
        ),
        pytest.param("[camera\n", "config must be TOML", id="not TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_name(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)

    with pytest.raises(ConfigError, match=re.escape(message)) as refusal:
        load_config(file, environ={})

    assert str(refusal.value).startswith(str(file))


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config must be a readable file. Received: No such file"):
        load_config(tmp_path / "gone.toml", environ={})


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"environment: key of \[camera\] must be one of .* Received: camera.widht"):
        load_config(environ={"EDGE_DIGITS_CAMERA_WIDHT": "640"}, system_file=NOWHERE)


@pytest.mark.parametrize("assignment", ["camera.width", "width=3", "="])
def test_a_set_flag_of_another_form_is_refused(assignment: str) -> None:
    with pytest.raises(ConfigError, match="--set must be section.key=value"):
        flag_layer_values([assignment])


def with_settings(folder: Path, text: str) -> dict[str, str]:
    (folder / "settings.toml").write_text(text)
    return {"EDGE_DIGITS_MODEL_STORE": str(folder)}


def test_what_was_saved_on_the_page_stands_over_the_file_and_under_the_environment(tmp_path: Path) -> None:
    file = write(tmp_path, "[detect]\norientation = '90'\nroi = '0, 0, 1, 0.5'\n[read]\nconfidence = 0.9\n")
    environ = with_settings(tmp_path, "[detect]\norientation = '180'\n[read]\nconfidence = 0.8\n")

    loaded = load_config(file, environ | {"EDGE_DIGITS_READ_CONFIDENCE": "0.7"})

    assert (loaded.config.detect.orientation, loaded.config.read.confidence) == ("180", 0.7)
    assert loaded.config.detect.roi == "0, 0, 1, 0.5"
    assert loaded.origins["detect", "orientation"] == str(tmp_path / "settings.toml")


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    values = {("detect", "roi"): "0.1, 0.2, 0.3, 0.4", ("detect", "orientation"): "auto", ("read", "confidence"): 0.75}
    environ = {"EDGE_DIGITS_WEB_SETTINGS": str(tmp_path / "page.toml")}
    file = settings_file(load_config(environ=environ, system_file=NOWHERE).config)

    save_settings(file, values)

    loaded = load_config(environ=environ, system_file=NOWHERE)
    assert {key: values_of(loaded.config)[key] for key in values} == values
    assert list(tmp_path.iterdir()) == [tmp_path / "page.toml"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[detect\n", id="damaged"),
        pytest.param("[detect]\norientation = 'sideways'\n", id="no such value"),
        pytest.param("[camera]\nsource = 'fake'\n", id="nothing that the page sets"),
        pytest.param("\x00\xff", id="noise"),
    ],
)
def test_no_page_can_keep_the_app_from_starting(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    loaded = load_config(environ=with_settings(tmp_path, text), system_file=NOWHERE)

    assert loaded.config.detect.orientation == "upright"
    assert loaded.config.camera.source == "auto"
    assert "what was saved on the live page is left out" in caplog.text


def test_settings_that_cannot_be_saved_say_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a file that can be written"):
        save_settings(tmp_path / "missing" / "settings.toml", {("read", "confidence"): 0.5})
