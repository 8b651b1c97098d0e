"""One frame goes through all stages, whatever its size and content, and boxes stay in its own pixels."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edge_app.pipeline
from edge_app.devices.interpreters.fake import DIGIT_OUTPUT, FakeInterpreter, certain_of
from edge_app.frames import Frame, Int8, RegionMap, UInt8
from edge_app.pipeline import LOOK_AGAIN_FRAMES, Pipeline, ReadSettings
from edge_app.stages.binarize import Ink, Polarity, binarize
from edge_app.stages.page import find_page
from edge_app.stages.regions import RegionLimits


def pipeline(*digits: int, **settings: object) -> Pipeline:
    return Pipeline(FakeInterpreter(certain_of(list(digits or (7,)))), ReadSettings(threshold=0.5, **settings))  # type: ignore[arg-type]


def page(size_wh: tuple[int, int] = (640, 480), marks: int = 3) -> UInt8:
    """A page with marks of a digit's shape in one line."""
    width, height = size_wh
    gray = np.full((height, width), 215, dtype=np.uint8)
    for mark in range(marks):
        centre = width // 4 + mark * height // 8, height // 2
        cv2.ellipse(gray, centre, (height // 24, height // 14), 0, 0, 360, 40, max(2, height // 80), cv2.LINE_AA)
    return gray


def test_a_page_becomes_a_number_with_boxes_and_times() -> None:
    read = pipeline(4, 0, 7).read(Frame(page(), 0, 0))

    (reading,) = read.readings
    assert reading.text == "407"
    assert (read.size_wh, read.regions_found, read.regions_dropped) == ((640, 480), 3, 0)
    assert list(read.timing_ms) == ["binarize", "regions", "crop", "classify", "readings", "total"]
    assert sum(list(read.timing_ms.values())[:-1]) <= read.timing_ms["total"]
    x, y, width, height = reading.box_xywh
    assert page()[y : y + height, x : x + width].min() < 60
    assert abs(x - (160 - 20)) <= 4


@pytest.mark.parametrize("working_side_px", [0, 320, 640, 5000])
def test_boxes_are_the_same_at_any_working_size(working_side_px: int) -> None:
    frame = Frame(page((1600, 1200)), 0, 0)

    (reading,) = pipeline(1, 2, 3, working_side_px=working_side_px).read(frame).readings

    (reference,) = pipeline(1, 2, 3, working_side_px=0).read(frame).readings
    assert reading.text == "123"
    assert np.abs(np.subtract(reading.box_xywh, reference.box_xywh)).max() <= 12


@pytest.mark.parametrize("lores", [False, True])
def test_digits_of_few_pixels_in_a_large_frame_are_found(lores: bool) -> None:
    gray = np.full((1920, 2560), 220, np.uint8)
    for number in range(6):
        cv2.ellipse(gray, (1200 + 24 * number, 900), (6, 8), 0, 0, 360, 40, 2, cv2.LINE_AA)
    small = np.asarray(cv2.resize(gray, (640, 480), interpolation=cv2.INTER_AREA), dtype=np.uint8)

    (reading,) = pipeline(3).read(Frame(gray, 0, 0, lores_gray=small if lores else None)).readings

    assert reading.text == "333333"
    assert np.abs(np.subtract(reading.box_xywh, (1193, 891, 135, 19))).max() <= 2


def test_regions_are_sought_in_the_cameras_own_small_picture() -> None:
    gray = page((1280, 720))
    small = np.asarray(cv2.resize(gray, (640, 360), interpolation=cv2.INTER_AREA), dtype=np.uint8)

    (reading,) = pipeline(1, 2, 3).read(Frame(gray, 0, 0, lores_gray=small)).readings

    (reference,) = pipeline(1, 2, 3).read(Frame(gray, 0, 0)).readings
    assert np.abs(np.subtract(reading.box_xywh, reference.box_xywh)).max() <= 4


@pytest.mark.parametrize(
    ("digits", "marks", "found", "left_out"),
    [
        pytest.param((1,), 5, 2, 3, id="strokes may be anything"),
        pytest.param((7,), 5, 5, 0, id="of a page of digits none is left out"),
        pytest.param((7,), 9, 7, 2, id="but of very many"),
        pytest.param((7, 10, 10), 11, 9, 2, id="among letters three times as many are looked at"),
    ],
)
def test_the_cap_on_regions_follows_what_is_found_and_is_reported(
    digits: tuple[int, ...], marks: int, found: int, left_out: int
) -> None:
    most = 3 if len(digits) > 1 else 2 if marks == 5 else 1

    read = Pipeline(answering(*digits), ReadSettings(0.5, limits=RegionLimits(max_regions=most))).read(
        Frame(page((1280, 480), marks), 0, 0))  # fmt: skip

    assert (read.regions_found, read.regions_dropped) == (found, left_out)


def test_a_full_page_that_stays_is_not_classified_again() -> None:
    model = answering(7)
    reader = Pipeline(model, ReadSettings(0.5, limits=RegionLimits(max_regions=2)))
    frame = Frame(page((1280, 480), 7), 0, 0)
    first = reader.read(frame, follows=True)
    model.invocations.clear()

    again = reader.read(frame, follows=True)

    assert first.regions_found == again.regions_found == 7
    assert sum(model.invocations) == 0


def answering(*labels: int) -> FakeInterpreter:
    """A model that knows what is no digit and gives its answers in turn, over and over."""
    eleven = replace(DIGIT_OUTPUT, shape=(1, 11))
    return FakeInterpreter(
        lambda tensor: certain_of([labels[row % len(labels)] for row in range(len(tensor))], classes=11),
        output_details=eleven,
    )


def test_the_frame_is_not_written_to() -> None:
    gray = page()
    before = gray.copy()

    pipeline().read(Frame(gray, 0, 0))

    assert np.array_equal(gray, before)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from(["noise", "blobs", "even", "edges", "scribble"]),
    st.sampled_from([0, 64, 1280]),
    st.integers(0, 2**32 - 1),
)
def test_no_picture_breaks_it(width: int, height: int, kind: str, working_side_px: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    gray = np.full((height, width), random.integers(0, 256), dtype=np.uint8)
    if kind == "noise":
        gray = random.integers(0, 256, (height, width), dtype=np.uint8)
    elif kind == "blobs":
        smooth = cv2.GaussianBlur(random.normal(size=(height, width)), (0, 0), 2.5)
        gray = np.where(smooth > 0.05, 30, 220).astype(np.uint8)
    elif kind == "edges":
        gray[: height // 2, : width // 3] = 255 - gray[0, 0]
    elif kind == "scribble":
        points = random.integers(-20, 320, (12, 2)).astype(np.int32)
        cv2.polylines(gray, [points], False, (int(255 - gray[0, 0]),), 3)

    read = pipeline(*range(10), working_side_px=working_side_px).read(Frame(gray, 0, 0))

    for reading in read.readings:
        x, y, box_width, box_height = reading.box_xywh
        assert x >= 0
        assert y >= 0
        assert box_width > 0
        assert box_height > 0
        assert x + box_width <= width
        assert y + box_height <= height


def crop_of_a_5(stroke: int = 18) -> UInt8:
    """A digit cut out of a page, as far as its edges."""
    gray = np.full((160, 120), 210, dtype=np.uint8)
    points = np.array([[104, 10], [18, 10], [14, 70], [80, 66], [106, 100], [80, 150], [12, 150]], dtype=np.int32)
    cv2.polylines(gray, [points], False, (40,), stroke, cv2.LINE_AA)
    return gray


@pytest.mark.parametrize("stroke", [3, 10, 18])
@pytest.mark.parametrize("orientation", ["upright", "90"])
def test_a_digit_that_fills_its_picture_is_read(stroke: int, orientation: str) -> None:
    gray = crop_of_a_5(stroke)
    given = np.ascontiguousarray(np.rot90(gray)) if orientation == "90" else gray

    (reading,) = pipeline(5, orientation=orientation).read(Frame(given, 0, 0)).readings

    assert reading.text == "5"
    x, y, width, height = reading.box_xywh
    assert x >= 0
    assert y >= 0
    assert x + width <= given.shape[1]
    assert y + height <= given.shape[0]
    assert min(width / given.shape[1], height / given.shape[0]) > 0.7


def test_no_page_is_sought_around_a_digit_that_fills_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_app.pipeline, "find_page", lambda gray: pytest.fail("sought"))
    gray = crop_of_a_5(10)
    gray[84:104, 40:44] = 40  # which the model takes for no digit

    readings = Pipeline(answering(5, 10), ReadSettings(threshold=0.5)).read(Frame(gray, 0, 0)).readings

    assert [reading.text for reading in readings] == ["5"]


def test_layers_of_a_digit_that_fills_its_picture_show_its_ink_where_it_stands() -> None:
    gray = crop_of_a_5()

    ink = pipeline().layers(Frame(gray, 0, 0)).mask

    assert ink.shape == gray.shape
    assert np.mean((ink > 127) == (gray < 125)) > 0.97


def test_only_the_part_that_is_asked_for_is_read_and_boxes_stay_in_the_whole_frame() -> None:
    gray = page()
    gray[240:] = np.roll(page(), 200, axis=1)[:240]  # other marks below, to the right

    (upper,) = pipeline(4, 0, 7, roi=(0.0, 0.0, 1.0, 0.6)).read(Frame(page(), 0, 0)).readings
    part = pipeline(4, 0, 7, roi=(0.1, 0.35, 0.5, 0.3)).read(Frame(page(), 0, 0))

    (whole,) = pipeline(4, 0, 7).read(Frame(page(), 0, 0)).readings
    assert part.size_wh == (640, 480)
    assert np.abs(np.subtract(part.readings[0].box_xywh, whole.box_xywh)).max() <= 2
    assert upper.text == part.readings[0].text == "407"
    assert pipeline(7, roi=(0.0, 0.0, 0.1, 0.1)).read(Frame(page(), 0, 0)).readings == ()


@pytest.mark.parametrize("orientation", ["upright", "90", "180", "270"])
def test_layers_show_the_ink_where_it_stands_in_the_frame_and_each_crop(orientation: str) -> None:
    quarters = {"upright": 0, "90": 1, "180": 2, "270": 3}[orientation]
    gray = np.ascontiguousarray(np.rot90(page(), -quarters))

    layers = pipeline(7, orientation=orientation).layers(Frame(gray, 0, 0))

    assert layers.mask.shape == gray.shape
    ink = gray < 100
    assert (layers.mask[ink] > 0).mean() > 0.9
    assert (layers.mask > 0).sum() < 3 * ink.sum()
    crops = layers.crops.reshape(28, 16, 28).swapaxes(0, 1)
    assert [crop.max() > 200 for crop in crops[:4]] == [True, True, True, False]


def test_layers_of_a_part_leave_the_rest_black() -> None:
    layers = pipeline(7, roi=(0.0, 0.0, 0.25, 1.0)).layers(Frame(page(), 0, 0))

    assert layers.mask[:, 160:].max() == 0
    assert layers.mask.shape == (480, 640)


def held() -> UInt8:
    """The page, held before a wall of bricks."""
    wall = np.full((480, 640), 45, dtype=np.uint8)
    for row, y in enumerate(range(0, 480, 48)):
        wall[y : y + 6] = 150
        for x in range(row % 2 * 45, 640, 90):
            wall[y : y + 48, x : x + 6] = 150
    wall[120:360, 130:510] = page()[140:380, 60:440]
    return wall


def rings_alone(tensor: Int8) -> Int8:
    """A 0 where there is no ink in the middle and some all round, no digit elsewhere."""
    ink = tensor[..., 0].astype(int) + 128
    sides = (ink[:, 2:26, 5:12], ink[:, 2:26, 16:23], ink[:, 4:9, 8:20], ink[:, 19:24, 8:20])
    ring = np.logical_and.reduce([side.max(axis=(1, 2)) > 150 for side in sides])
    ring &= ink[:, 12:16, 12:16].max(axis=(1, 2)) < 60
    return certain_of(np.where(ring, 0, 10).tolist(), classes=11)


def of_rings() -> Pipeline:
    eleven = replace(DIGIT_OUTPUT, shape=(1, 11))
    return Pipeline(FakeInterpreter(rings_alone, output_details=eleven), ReadSettings(threshold=0.5))


def test_a_page_before_a_wall_is_read_alone() -> None:
    (reading,) = of_rings().read(Frame(held(), 0, 0)).readings

    (reference,) = of_rings().read(Frame(page(), 0, 0)).readings
    assert reading.text == reference.text == "000"
    assert np.abs(np.subtract(reading.box_xywh, reference.box_xywh) - (70, -20, 0, 0)).max() <= 3


def test_a_page_is_read_alone_where_a_knot_in_the_desk_beside_it_passes_for_a_huge_digit() -> None:
    random = np.random.default_rng(1)
    desk = np.full((480, 640), 120, dtype=np.uint8)
    desk[30:450, 495:545] = 40
    for y in range(30, 450, 6):
        desk[y : y + 4, 520 - random.integers(30, 90) : 520 + random.integers(30, 90)] = 40
    desk[60:260, 60:400] = 215
    for x in range(100, 250, 30):  # too few to be more than specks beside it
        cv2.ellipse(desk, (x, 160), (5, 7), 0, 0, 360, (40,), 2, cv2.LINE_AA)

    eleven = replace(DIGIT_OUTPUT, shape=(1, 11))
    all_zeros = FakeInterpreter(certain_of([0], classes=11), output_details=eleven)
    readings = Pipeline(all_zeros, ReadSettings(threshold=0.5)).read(Frame(desk, 0, 0)).readings

    assert [reading.text for reading in readings] == 5 * ["0"]


def test_a_soft_shadow_on_a_page_before_a_wall_hides_nothing() -> None:
    shadow = np.zeros((480, 640), dtype=np.float32)
    cv2.ellipse(shadow, (300, 130), (40, 130), 0, 0, 360, (0.5,), -1)
    gray = (held() * (1 - cv2.GaussianBlur(shadow, (0, 0), 8))).astype(np.uint8)

    (reading,) = of_rings().read(Frame(gray, 0, 0)).readings

    assert reading.text == "000"


def test_a_frame_in_which_a_page_is_sought_is_shrunk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk_from: list[tuple[int, ...]] = []
    shrink = edge_app.pipeline.shrunk

    def counted(gray: UInt8, side_px: int) -> UInt8:
        shrunk_from.append(gray.shape)
        return shrink(gray, side_px)

    monkeypatch.setattr(edge_app.pipeline, "shrunk", counted)

    (reading,) = of_rings().read(Frame(cv2.resize(held(), (1920, 1440)), 0, 0)).readings

    assert reading.text == "000"
    assert shrunk_from == [(1440, 1920)]


def test_a_camera_that_shows_a_page_before_a_wall_has_the_page_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[tuple[int, ...]] = []
    found = edge_app.pipeline.find_regions

    def counted(mask: UInt8, *others: object) -> RegionMap:
        sought.append(mask.shape)
        return found(mask, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(edge_app.pipeline, "find_regions", counted)
    live, times = of_rings(), []
    for picture in (*[held()] * (LOOK_AGAIN_FRAMES + 1), page(), page()):
        before = len(sought)
        (reading,) = live.read(Frame(picture, 0, 0), follows=True).readings
        assert reading.text == "000"
        times.append(len(sought) - before)

    assert times == [2, *[1] * (LOOK_AGAIN_FRAMES - 1), 2, 1, 1]
    assert live.layers(Frame(held(), 0, 0)).mask[:100].any()  # the last frame was read whole


def test_a_camera_that_shows_another_sheet_elsewhere_has_the_whole_frame_read() -> None:
    live = of_rings()
    live.read(Frame(held(), 0, 0), follows=True)
    card_on_page = page() // 2
    card_on_page[20:120, 480:620] = 250

    assert find_page(card_on_page) is not None
    (reading,) = live.read(Frame(card_on_page, 0, 0), follows=True).readings
    assert reading.text == "000"


def test_a_camera_that_shows_no_page_has_one_sought_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[UInt8] = []
    monkeypatch.setattr(edge_app.pipeline, "find_page", sought.append)
    live, times = of_rings(), []

    for _ in range(2 * LOOK_AGAIN_FRAMES):
        before = len(sought)
        live.read(Frame(held(), 0, 0), follows=True)
        times.append(len(sought) - before)

    assert times == 2 * [1, *[0] * (LOOK_AGAIN_FRAMES - 1)]
    live.read(Frame(held(), 0, 0))
    live.read(Frame(held(), 0, 0))
    assert len(sought) == 4  # of a picture of its own, always


def test_layers_show_only_the_page_where_it_alone_is_read() -> None:
    live = of_rings()
    live.read(Frame(held(), 0, 0), follows=True)

    mask = live.layers(Frame(held(), 0, 0)).mask

    assert mask[240, 130:510].any()
    assert not mask[:110].any()


def strokes_alone(tensor: Int8) -> Int8:
    """A 1 where all ink is in the middle columns and they are full of it, no digit elsewhere."""
    ink = tensor[..., 0].astype(int) + 128
    stroke = (ink[:, 6:22, 12:16].max(axis=2).min(axis=1) > 150) & (ink[:, :, :5].max(axis=(1, 2)) < 60)
    return certain_of(np.where(stroke, 1, 10).tolist(), classes=11)


def test_a_1_beside_a_hard_shadow_is_read_though_the_lit_part_looks_like_a_page() -> None:
    gray = np.full((480, 640), 105, dtype=np.uint8)
    cv2.fillConvexPoly(gray, np.array([[330, 0], [639, 0], [639, 479], [280, 479]]), (210,))
    cv2.polylines(gray, [np.array([[250, 60], [236, 150], [243, 250], [225, 420]])], False, (25,), 26, cv2.LINE_AA)
    cv2.drawMarker(gray, (100, 400), (25,), cv2.MARKER_TILTED_CROSS, 60, 9)
    eleven = replace(DIGIT_OUTPUT, shape=(1, 11))

    readings = Pipeline(FakeInterpreter(strokes_alone, output_details=eleven), ReadSettings(0.5)).read(
        Frame(gray, 0, 0)).readings  # fmt: skip

    assert [reading.text for reading in readings] == ["1"]


@pytest.mark.parametrize("boxed", [True, False])
def test_strokes_in_the_boxes_of_a_form_are_1s_though_words_stand_beside_them(boxed: bool) -> None:
    gray = np.full((480, 640), 215, dtype=np.uint8)
    for place in range(3):
        x = 300 + 70 * place
        cv2.line(gray, (x + 35, 212), (x + 35, 258), (40,), 7)
        if boxed:
            cv2.rectangle(gray, (x, 200), (x + 70, 270), (40,), 2)
    for place in range(6):
        cv2.drawMarker(gray, (60 + 60 * place, 400), (40,), cv2.MARKER_TILTED_CROSS, 30, 5)
    eleven = replace(DIGIT_OUTPUT, shape=(1, 11))

    readings = Pipeline(FakeInterpreter(strokes_alone, output_details=eleven), ReadSettings(0.5)).read(
        Frame(gray, 0, 0)).readings  # fmt: skip

    assert [reading.text for reading in readings] == (["111"] if boxed else [])


def blossoms() -> UInt8:
    """A page with three rings whose edges are ragged, where a pen's are smooth."""
    gray = page()
    for mark in range(3):
        x, y = 160 + mark * 60, 240
        for angle in np.arange(0.0, 2 * np.pi, np.pi / 9):
            along = np.array([np.cos(angle), np.sin(angle)])
            inner, outer = ((x, y) + along * radius for radius in (12, 29))
            cv2.line(gray, inner.astype(int).tolist(), outer.astype(int).tolist(), 40, 1)
    return gray


def test_what_no_pen_drew_is_not_read() -> None:
    assert pipeline(0, 0, 0).read(Frame(page(), 0, 0)).readings
    assert not pipeline(0, 0, 0).read(Frame(blossoms(), 0, 0)).readings


def meadow(marked: bool = True) -> UInt8:
    """Bright blades of grass, and before them a card with a ring in dark ink."""
    random = np.random.default_rng(3)
    gray = np.full((480, 640), 90, dtype=np.uint8)
    for x, y in random.integers(0, (640, 480), (260, 2)).tolist():
        cv2.line(gray, (x, y), (x + int(random.integers(-12, 12)), y - 40), int(random.integers(160, 220)), 2)
    gray[140:340, 240:420] = 110
    if marked:
        cv2.ellipse(gray, (330, 240), (22, 34), 0, 0, 360, 30, 8, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.8), dtype=np.uint8)


def rings_are(digit: int, sureness: float, hole_px: int = 6, least_px: int = 0) -> FakeInterpreter:
    """Takes what has so large a hole in the middle, and so much ink around it, for a digit, and all else for none."""
    middle = slice(14 - hole_px // 2, 14 + hole_px // 2)

    def answer(crops: Int8) -> Int8:
        hollow = crops[:, middle, middle].max(axis=(1, 2, 3)) < -100
        hollow &= (crops > 0).sum(axis=(1, 2, 3)) >= least_px
        scores = np.full((len(crops), 11), -128, dtype=np.int8)
        scores[np.arange(len(crops)), np.where(hollow, digit, 10)] = round(sureness * 256) - 128
        return scores

    return FakeInterpreter(answer, output_details=replace(DIGIT_OUTPUT, shape=(1, 11)))


@pytest.mark.parametrize(
    ("digit", "sureness", "marked", "texts"),
    [
        pytest.param(6, 0.99, True, ["6"], id="in dark ink"),
        pytest.param(6, 0.9, True, [], id="hardly sure"),
        pytest.param(1, 0.99, True, [], id="any stroke may be a 1"),
        pytest.param(6, 0.99, False, [], id="nothing written"),
    ],
)
def test_dark_ink_is_read_where_a_picture_looks_like_light_ink(
    digit: int, sureness: float, marked: bool, texts: list[str]
) -> None:
    auto, light = (
        Pipeline(rings_are(digit, sureness), ReadSettings(threshold=0.5, polarity=polarity))
        for polarity in ("auto", "light")
    )

    said = auto.read(Frame(meadow(marked), 0, 0))

    assert [reading.text for reading in said.readings] == texts
    assert not light.read(Frame(meadow(marked), 0, 0)).readings


def board() -> UInt8:
    """A fat ring in chalk with grain in it, which takes up as much of the picture as the board does."""
    gray = np.full((480, 640), 50, dtype=np.uint8)
    cv2.ellipse(gray, (320, 240), (130, 150), 0, 0, 360, 170, 150, cv2.LINE_AA)
    grain = np.random.default_rng(1).normal(0, 12, gray.shape)
    return np.clip(gray + grain * (gray > 100), 0, 255).astype(np.uint8)


def test_light_ink_is_read_where_a_picture_looks_like_dark_ink() -> None:
    auto, dark = (
        Pipeline(rings_are(0, 0.99, hole_px=2, least_px=200), ReadSettings(threshold=0.5, polarity=polarity))
        for polarity in ("auto", "dark")
    )

    assert binarize(board()).dark_on_light
    assert not dark.read(Frame(board(), 0, 0)).readings
    assert [reading.text for reading in auto.read(Frame(board(), 0, 0)).readings] == ["0"]


def test_the_hole_in_a_0_of_light_ink_is_no_1_of_dark_ink() -> None:
    def answer(crops: Int8) -> Int8:
        hollow = crops[:, 13:15, 13:15].max(axis=(1, 2, 3)) < -100
        return certain_of(np.where(hollow, 0, 1).tolist(), classes=11)

    interpreter = FakeInterpreter(answer, output_details=replace(DIGIT_OUTPUT, shape=(1, 11)))
    gray = np.maximum(board(), 20)
    gray[:, 480:] = gray[:, :160] = 50
    auto, dark = (Pipeline(interpreter, ReadSettings(threshold=0.5, polarity=each)) for each in ("auto", "dark"))

    said = [each.read(Frame(gray, 0, 0)).readings for each in (dark, auto)]

    assert [[reading.text for reading in readings] for readings in said] == [["1"], ["0"]]


@pytest.mark.parametrize(
    ("mark", "looks"),
    [("", ["auto"]), ("a speck", ["auto"]), ("a stroke", ["auto", "light"]), ("a block", ["auto", "light"])],
)
def test_a_blank_page_is_not_looked_at_in_the_other_ink(
    mark: str, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, asked = np.full((480, 640), 210, dtype=np.uint8), []
    if mark == "a stroke":
        cv2.line(page, (300, 200), (340, 260), (40,), 6, cv2.LINE_AA)
    if mark in ("a speck", "a block"):  # nothing of a digit's shape
        side = 6 if mark == "a speck" else 140
        page[200 : 200 + side, 300 : 300 + side] = 40

    def spy(gray: UInt8, polarity: Polarity, pale_ink: bool) -> Ink:
        asked.append(polarity)
        return binarize(gray, polarity, pale_ink)

    monkeypatch.setattr("edge_app.pipeline.binarize", spy)
    Pipeline(rings_are(6, 0.99), ReadSettings(threshold=0.5)).read(Frame(page, 0, 0))

    assert asked == looks


def test_dark_ink_is_sought_now_and_then_until_it_is_found_and_then_in_each_frame() -> None:
    interpreter = rings_are(6, 0.99)
    reader = Pipeline(interpreter, ReadSettings(threshold=0.5))
    frames = [Frame(meadow(number >= 3), number, 0) for number in range(40)]

    said = [bool(reader.read(frame, follows=True).readings) for frame in frames]

    found = said.index(True)
    assert 3 < found <= 3 + LOOK_AGAIN_FRAMES
    assert all(said[found:])


@pytest.mark.parametrize(("crosses", "pale_is_read"), [(0, True), (5, False)])
def test_what_shows_through_the_paper_is_not_read(crosses: int, pale_is_read: bool) -> None:
    gray = np.full((480, 640), 220, np.uint8)
    for place in range(6):
        cv2.ellipse(gray, (80 + 90 * place, 100), (14, 20), 0, 0, 360, 40, 5, cv2.LINE_AA)
    for place in range(4):
        cv2.ellipse(gray, (80 + 90 * place, 250), (14, 20), 0, 0, 360, 165, 5, cv2.LINE_AA)
    for place in range(crosses):
        cv2.drawMarker(gray, (80 + 90 * place, 350), 165, cv2.MARKER_TILTED_CROSS, 36, 5, cv2.LINE_AA)

    said = Pipeline(rings_are(6, 0.99), ReadSettings(threshold=0.5)).read(Frame(gray, 0, 0))

    assert [reading.box_xywh[1] < 200 for reading in said.readings] == [True] * 6 + [False] * 4 * pale_is_read


def test_a_camera_that_shows_such_paper_is_not_looked_at_for_pale_ink_in_each_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[bool] = []
    monkeypatch.setattr(edge_app.pipeline, "shows_through", lambda *_: looked.append(True) or True)
    reader = pipeline(3)

    for _ in range(LOOK_AGAIN_FRAMES + 2):
        reader.read(Frame(page(), 0, 0), follows=True)

    assert len(looked) == 2
