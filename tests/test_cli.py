"""The edge app as a person runs it: what it prints, what it writes, and its exit codes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_app.bundle import embedded_bundle_path
from edge_app.cli import get_parser
from edge_app.devices.cameras import embedded_clip_path
from tests.waiting import wait_until

Run = Callable[..., "subprocess.CompletedProcess[str]"]
REPOSITORY = Path(__file__).parents[1]


def frame_of_clip(number: int) -> np.ndarray:
    capture = cv2.VideoCapture(str(embedded_clip_path()))
    for _ in range(number):
        capture.grab()
    found, picture = capture.read()
    assert found
    return picture


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.png"
    cv2.imwrite(str(path), frame_of_clip(50))
    return path


def records(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


# read ------------------------------------------------------------------------------------------------------


def test_read_finds_what_is_written_on_a_page(edge_app: Run, page: Path) -> None:
    truth = json.loads(embedded_clip_path().with_suffix(".json").read_text())["numbers"]
    written = [number["text"] for number in truth if number["first_frame"] <= 50 <= number["last_frame"]]

    done = edge_app("read", page)

    found = re.findall(r"(\d+) \([01]\.\d\d\)", done.stdout)
    assert done.returncode == 0
    assert len(set(written) & set(found)) >= 0.8 * len(written)


@pytest.mark.parametrize(
    ("turn", "degrees"),
    [
        pytest.param(cv2.ROTATE_90_CLOCKWISE, "90", id="on its right side"),
        pytest.param(cv2.ROTATE_180, "180", id="upside down"),
        pytest.param(cv2.ROTATE_90_COUNTERCLOCKWISE, "270", id="on its left side"),
    ],
)
def test_a_turned_page_is_read_as_the_upright_one(
    edge_app: Run, page: Path, tmp_path: Path, turn: int, degrees: str
) -> None:
    turned = tmp_path / "turned.png"
    cv2.imwrite(str(turned), cv2.rotate(cv2.imread(str(page)), turn))

    upright, found, told = (
        records(edge_app("read", "--json", *flags))[0]["numbers"]
        for flags in ([page], [turned, "--orientation", "auto"], [turned, "--orientation", degrees])
    )

    assert [number["text"] for number in found] == [number["text"] for number in told]
    texts = [number["text"] for number in upright]
    assert len(set(texts) & {number["text"] for number in found}) >= 0.9 * len(set(texts))
    size_wh = (640, 480) if degrees == "180" else (480, 640)
    x, y, width, height = found[0]["box"]
    assert 0 <= x < x + width <= size_wh[0]
    assert 0 <= y < y + height <= size_wh[1]
    assert (height > width) == (degrees != "180") or len(found[0]["text"]) == 1


def test_a_meter_is_read_without_the_plate_between_its_windows(edge_app: Run, tmp_path: Path) -> None:
    gray = np.full((240, 480), 150, dtype=np.uint8)
    for place, letter in enumerate("482053"):
        x = 40 + place * 70
        cv2.rectangle(gray, (x, 60), (x + 56, 170), (25,), -1)
        cv2.rectangle(gray, (x, 60), (x + 56, 170), (90,), 3)
        cv2.putText(gray, letter, (x + 8, 144), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (225,), 8, cv2.LINE_AA)
    light = np.linspace(0.85, 1.1, 480) * np.linspace(1.05, 0.9, 240)[:, np.newaxis]
    cv2.imwrite(str(tmp_path / "meter.png"), cv2.GaussianBlur(gray, (0, 0), 1.2) * light)

    (record,) = records(edge_app("read", "--json", tmp_path / "meter.png"))

    assert [number["text"] for number in record["numbers"]] == ["482053"]


def test_an_upright_page_is_left_as_it_is(edge_app: Run, page: Path) -> None:
    plain, auto = (records(edge_app("read", "--json", page, *flags))[0] for flags in ([], ["--orientation", "auto"]))

    assert plain["numbers"] == auto["numbers"]


def test_read_json_keeps_the_contract(edge_app: Run, page: Path, check_record: Callable[[Any], None]) -> None:
    done = edge_app("read", "--json", page)

    (record,) = records(done)
    check_record(record)
    assert (record["source"], record["width"], record["height"]) == (str(page), 640, 480)
    assert record["model"] == embedded_bundle_path().name
    assert len(record["numbers"]) > 5


def test_read_goes_on_after_a_file_that_cannot_be_read(
    edge_app: Run, page: Path, tmp_path: Path, check_record: Callable[[Any], None]
) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("no picture")

    done = edge_app("read", "--json", tmp_path / "empty.png", page, tmp_path / "text.jpg", tmp_path / "gone.png")

    told = records(done)
    assert done.returncode == 1
    assert ["error" in record for record in told] == [True, False, True, True]
    assert done.stderr.count("edge-app: error: ") == 3
    assert "Traceback" not in done.stderr
    for record in told:
        check_record(record)


def test_read_takes_a_folder_and_writes_overlays(edge_app: Run, page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    shutil.copy(page, folder / "one.png")
    Image.new("L", (200, 100), 230).save(folder / "two.png")

    done = edge_app("read", folder, "--overlay", tmp_path / "out")

    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == f"{folder / 'two.png'}: no digits"
    overlay = cv2.imread(str(tmp_path / "out" / "one.png.overlay.png"))
    assert overlay.shape == (480, 640, 3)
    assert np.abs(overlay.astype(int) - cv2.imread(str(page))).max() > 100


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_boxes_are_in_the_pixels_of_the_picture_as_it_is_shown(edge_app: Run, tmp_path: Path, turn: int) -> None:
    stored = cv2.rotate(frame_of_clip(50), turn)
    exif = Image.Exif()
    exif[0x0112] = 8 if turn == cv2.ROTATE_90_CLOCKWISE else 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(stored[:, :, ::-1]).save(path, exif=exif, quality=95)

    (record,) = records(edge_app("read", "--json", path))

    assert (record["width"], record["height"]) == (640, 480)
    assert len(record["numbers"]) > 5
    assert all(x + w <= 640 and y + h <= 480 for x, y, w, h in (number["box"] for number in record["numbers"]))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: np.full((480, 640), 220, np.uint8), id="no ink"),
        pytest.param(lambda: np.zeros((480, 640), np.uint8), id="all ink"),
        pytest.param(lambda: np.random.default_rng(1).integers(0, 256, (480, 640), dtype=np.uint8), id="noise"),
        pytest.param(lambda: np.zeros((1, 1), np.uint8), id="one pixel"),
        pytest.param(lambda: np.full((3, 4000), 90, np.uint8), id="a sliver"),
    ],
)
def test_a_picture_without_writing_gives_no_numbers(edge_app: Run, tmp_path: Path, make: Callable[[], Any]) -> None:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), make())

    done = edge_app("read", "--json", path)

    assert done.returncode == 0
    assert records(done)[0]["numbers"] == []


def test_five_thousand_blobs_are_capped_and_the_cap_is_told(edge_app: Run, tmp_path: Path) -> None:
    page = np.full((1080, 1920), 230, np.uint8)
    for index in range(5000):
        y, x = divmod(index, 100)
        page[5 + y * 21 : 18 + y * 21, 5 + x * 19 : 10 + x * 19] = 30
    path = tmp_path / "blobs.png"
    cv2.imwrite(str(path), page)

    done = edge_app("read", path, "--set", "detect.working_side_px=0")

    assert done.returncode == 0
    assert "4840 regions over the cap (detect.max_regions) left out" in done.stderr


def test_pictures_of_one_name_get_an_overlay_each(edge_app: Run, page: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(page, tmp_path / name / "page.png")

    edge_app("read", tmp_path / "a", tmp_path / "b", "--overlay", tmp_path / "out")

    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["page.png.overlay-2.png", "page.png.overlay.png"]


def test_a_folder_without_pictures_is_one_error(edge_app: Run, page: Path, tmp_path: Path) -> None:
    done = edge_app("read", tmp_path, page)

    assert done.returncode == 1
    assert "or a folder with pictures in it" in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_a_name_that_no_file_can_have_is_one_error(edge_app: Run, page: Path) -> None:
    done = edge_app("read", "x" * 300, page)

    assert done.returncode == 1
    assert done.stderr.count("edge-app: error: ") == 1
    assert len(done.stdout.splitlines()) == 1


def test_the_size_limit_is_the_users(edge_app: Run, page: Path) -> None:
    done = edge_app("read", page, "--set", "limits.max_megapixels=0.3")

    assert done.returncode == 1
    assert "must have at most 0.3 megapixels. Received: 640x480" in done.stderr


# run -------------------------------------------------------------------------------------------------------


def test_the_clip_is_read_truly_and_nearly_whole(edge_app: Run) -> None:
    done = edge_app("run", "--camera", "clip")

    found = re.search(r"(\d+) of (\d+) written numbers published, (\d+) false", done.stdout)
    assert done.returncode == 0
    assert found is not None
    right, written, false = map(int, found.groups())
    assert false == 0
    assert right >= 0.95 * written


def test_run_json_prints_a_line_for_each_change(edge_app: Run, check_record: Callable[[Any], None]) -> None:
    done = edge_app("run", "--camera", "clip", "--json")

    told = records(done)
    frames = [record["frame"] for record in told]
    assert len(told) > 10
    assert frames == sorted(set(frames))
    for record, following in pairwise(told):
        check_record(record)
        assert [n["text"] for n in record["numbers"]] != [n["text"] for n in following["numbers"]]
    assert "agreement with the truth" in done.stderr


def test_without_a_camera_the_fallback_is_played(edge_app: Run) -> None:
    if any(Path("/dev").glob("video*")):
        pytest.skip("this machine has a camera")

    done = edge_app("run", "--camera-fallback", "clip")

    assert done.returncode == 0
    assert "no camera found" in done.stderr
    assert "playing clip instead" in done.stderr
    assert done.stdout.startswith("300 frames in ")


def test_files_are_written_and_named_at_the_end(edge_app: Run, tmp_path: Path) -> None:
    video, sheet, picture = tmp_path / "out.mp4", tmp_path / "out.png", tmp_path / "latest.jpg"

    done = edge_app("run", "--camera", "clip", "--video", video, "--sheet", sheet, "--picture", picture)

    capture = cv2.VideoCapture(str(video))
    count = 0
    while capture.grab():
        count += 1
    assert count == 300
    assert cv2.imread(str(sheet)) is not None
    assert cv2.imread(str(picture)) is not None
    for path in (video, sheet, picture):
        assert f": {path}\n" in done.stdout


@pytest.fixture
def start(app_environment: dict[str, str]) -> Any:
    """Starts `edge-app` and ends it, should a test fail to."""
    children = []

    def run(*arguments: str | Path) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-m", "edge_app", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=app_environment,
        )
        children.append(child)
        return child

    yield run
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_a_playable_video(start: Any, tmp_path: Path, signal_number: int) -> None:
    video = tmp_path / "out.avi"
    child = start("run", "--camera", "fake", "--video", video)
    wait_until(lambda: video.exists() and video.stat().st_size > 100_000)

    child.send_signal(signal_number)
    out, err = child.communicate(timeout=30)

    assert child.returncode == 0, err
    assert re.match(r"\d+ frames in ", out)
    found, picture = cv2.VideoCapture(str(video)).read()
    assert found
    assert picture.shape == (720, 1280, 3)


def test_a_missing_camera_is_waited_for_until_a_signal(start: Any) -> None:
    child = start("run", "--camera", "/dev/video99")
    line = child.stderr.readline()
    while "no camera" not in line:
        line = child.stderr.readline()

    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=30)

    assert "no camera: /dev/video99: no such camera" in line
    assert child.returncode == 0, err


def test_a_reader_that_has_seen_enough_ends_the_run(start: Any) -> None:
    child = start("run", "--camera", "clip", "--json")
    first = child.stdout.readline()

    child.stdout.close()
    child.stdout = None
    _, err = child.communicate(timeout=60)

    assert json.loads(first)["numbers"]
    assert child.returncode == 0, err
    assert "Traceback" not in err


def test_a_folder_of_pictures_is_played(edge_app: Run, page: Path) -> None:
    done = edge_app("run", "--camera", f"{page.parent}/.")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 frames in ")


def test_a_file_beside_a_video_that_is_no_truth_is_a_warning(edge_app: Run, tmp_path: Path) -> None:
    shutil.copy(embedded_clip_path(), tmp_path / "film.mp4")
    (tmp_path / "film.json").write_text('{"title": "holiday"}')

    done = edge_app("run", "--camera", tmp_path / "film.mp4")

    assert done.returncode == 0
    assert "no comparison with the truth" in done.stderr
    assert "agreement" not in done.stdout


def test_a_missing_file_ends_the_run_at_once(edge_app: Run) -> None:
    done = edge_app("run", "--camera", "gone.mp4")

    assert done.returncode == 4
    assert done.stderr.splitlines()[-1] == "edge-app: error: gone.mp4: video file not found"


def test_a_window_that_is_demanded_needs_a_display(edge_app: Run) -> None:
    done = edge_app("run", "--camera", "clip", "--window", "on")

    assert done.returncode == 3
    assert 'output.window: "on" needs a display' in done.stderr


def test_an_output_that_cannot_be_opened_ends_the_run(edge_app: Run) -> None:
    done = edge_app("run", "--camera", "clip", "--video", "/nonexistent/out.mp4")

    assert done.returncode == 7


# check, bench, config --------------------------------------------------------------------------------------


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    copy = tmp_path / "bundle"
    shutil.copytree(embedded_bundle_path(), copy)
    return copy


def test_check_tells_what_it_verified(edge_app: Run, bundle: Path) -> None:
    done = edge_app("check", bundle, "--json")

    (report,) = records(done)
    assert done.returncode == 0
    assert (report["golden crops"], report["labels changed"]) == (100, 0)


@pytest.mark.parametrize(
    "command", [("check",), ("run", "--camera", "clip", "--bundle"), ("read", "x.png", "--bundle")]
)
def test_a_refused_bundle_ends_every_command(edge_app: Run, bundle: Path, command: tuple[str, ...]) -> None:
    (bundle / "model.tflite").write_bytes(b"damaged")

    done = edge_app(*command, bundle)

    assert done.returncode == 5
    assert re.search(r"edge-app: error: .*model\.tflite must have \d+ bytes and sha256 \w+\. Received: 7", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        pytest.param(["--set", "camera.widht=3"], {}, "key of [camera] must be one of", id="unknown key"),
        pytest.param([], {"EDGE_DIGITS_CAMERA_FPS": "fast"}, "camera.fps: Expected `float`", id="wrong type"),
        pytest.param(["--threads", "0"], {}, "model.threads: Expected `int` >= 1. Received: '0'", id="out of range"),
        pytest.param(["--runtime", "torch"], {}, "Expected one of auto, litert, tflite", id="no such choice"),
        pytest.param(["--config", "gone.toml"], {}, "gone.toml: config must be a readable file", id="no file"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    edge_app: Run, arguments: list[str], environment: dict[str, str], message: str
) -> None:
    done = edge_app("config", *arguments, **environment)

    assert done.returncode == 3
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_config_tells_where_each_value_comes_from(edge_app: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[camera]\nwidth = 640\n")

    done = edge_app("config", "--config", file, "--json", "--camera", "clip", EDGE_DIGITS_CAMERA_FPS="15")

    values = json.loads(done.stdout)
    assert values["camera.width"] == {"value": 640, "origin": str(file)}
    assert values["camera.fps"] == {"value": 15.0, "origin": "environment"}
    assert values["camera.source"] == {"value": "clip", "origin": "command line"}
    assert values["camera.height"] == {"value": 720, "origin": "default"}


def test_the_plain_config_is_toml_values_with_origins(edge_app: Run) -> None:
    done = edge_app("config")

    assert re.search(r'^camera\.source +"?= "auto" +# default$', done.stdout, re.MULTILINE)


def test_bench_times_every_stage(edge_app: Run) -> None:
    done = edge_app("bench", "--json", "--frames", "5")

    (report,) = records(done)
    assert list(report["stages_ms"]) == ["binarize", "regions", "crop", "classify", "readings", "total"]
    assert report["frames"] == 5


def test_bench_times_crowded_frames_too(edge_app: Run) -> None:
    (report,) = records(edge_app("bench", "--json", "--frames", "2", "--crowds"))

    marks = [crowd["marks"] for crowd in report["crowds"]]
    assert marks == sorted(marks) and marks[-1] == 5000
    assert report["crowds"][0]["regions"] == 25
    assert report["crowds"][0]["ratio"] == 1.0
    assert report["crowds"][-2]["dropped"] > 4000
    assert [crowd["scattered"] for crowd in report["crowds"]] == [False] * (len(marks) - 1) + [True]
    assert report["crowds"][-1]["dropped"] > 1000


@pytest.mark.parametrize("runtime", ["tflite", "litert"])
def test_both_runtimes_read_the_same_numbers(edge_app: Run, page: Path, runtime: str) -> None:
    (record,) = records(edge_app("read", "--json", page, "--runtime", runtime))
    (other,) = records(edge_app("read", "--json", page))

    assert [number["text"] for number in record["numbers"]] == [number["text"] for number in other["numbers"]]


def test_a_delegate_that_is_missing_is_refused_and_auto_goes_on_without(edge_app: Run, page: Path) -> None:
    demanded = edge_app("read", page, "--delegate", "/nonexistent/libdelegate.so")
    tried = edge_app("read", page, "--delegate", "auto")

    assert demanded.returncode == 6
    assert "/nonexistent/libdelegate.so" in demanded.stderr
    assert tried.returncode == 0


# what the app is made of -----------------------------------------------------------------------------------


def test_no_module_of_the_app_loads_tensorflow_or_the_trainer() -> None:
    program = (
        "import importlib, pkgutil, sys, edge_app\n"
        "found = pkgutil.walk_packages(edge_app.__path__, 'edge_app.')\n"
        "names = [module.name for module in found if not module.name.endswith('__main__')]\n"
        "for name in names: importlib.import_module(name)\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(len(names), sorted(loaded & {'tensorflow', 'keras', 'trainer', 'tflite_runtime', 'ai_edge_litert'}))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)

    count, loaded = done.stdout.split(maxsplit=1)
    assert int(count) > 30
    assert loaded.strip() == "[]"


def test_help_needs_no_heavy_library() -> None:
    program = (
        "import sys\nfrom edge_app.cli import get_parser\nget_parser().format_help()\n"
        "print(sorted({'cv2', 'numpy', 'PIL'} & set(sys.modules)))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)

    assert done.stdout.strip() == "[]"


def test_who_reads_one_picture_waits_for_nothing_that_only_the_loop_needs(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    cv2.imwrite(str(picture), np.full((48, 64), 220, dtype=np.uint8))
    program = (
        "import sys\nfrom edge_app.cli import main\n"
        f"assert main(['read', {str(picture)!r}]) == 0\n"
        "print(sorted(name for name in sys.modules if name.startswith('edge_app.') or name == 'logging.handlers'))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)

    loaded = done.stdout.splitlines()[-1]
    assert "edge_app.stages.binarize" in loaded
    for needless in ("assemble", "service", "reloads", "stages.track", "stages.overlay", "outputs.logfile"):
        assert f"'edge_app.{needless}'" not in loaded
    assert "logging.handlers" not in loaded


@pytest.mark.parametrize("argv", [["read"], ["run"], ["models", "install"], ["status"]])
def test_one_command_s_parser_takes_what_that_of_all_takes(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    helps = []
    for command in (argv[0], ""):
        with pytest.raises(SystemExit):
            get_parser(command).parse_args([*argv, "--help"])
        helps.append(capsys.readouterr().out)
    assert helps[0] == helps[1] and "--help" in helps[0]


@pytest.mark.parametrize("argv", [[], ["bogus"], ["--help"]])
def test_a_command_that_is_missing_or_unknown_is_answered_with_all_of_them(edge_app: Run, argv: list[str]) -> None:
    done = edge_app(*argv)
    said = done.stdout + done.stderr
    assert done.returncode == (0 if argv == ["--help"] else 2)
    if argv:
        assert all(command in said for command in ("run", "read", "bench", "password", "models"))
    else:
        assert "COMMAND" in said


def test_a_bug_is_told_without_a_traceback_unless_it_is_asked_for(
    edge_app: Run, tmp_path: Path, app_environment: dict[str, str]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import edge_app.config\n\ndef broken(*_, **__):\n    raise RuntimeError('boom')\n\n"
        "edge_app.config.load_config = broken\n"
    )
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])

    plain = edge_app("config", PYTHONPATH=path)
    debugged = edge_app("config", "--debug", PYTHONPATH=path)

    assert plain.returncode == 70
    assert plain.stderr.strip().startswith("edge-app: internal error: RuntimeError: boom")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debugged.stderr


def test_an_unknown_argument_is_named_beside_where_the_known_ones_are(edge_app: Run) -> None:
    done = edge_app("read", "--out", "folder", "photo.jpg")
    assert done.returncode == 2
    assert "error: unknown: --out; `edge-app read --help` lists" in done.stderr
