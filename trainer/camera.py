"""A written page and a point of view in, the frame that a camera would take out, with the truth in its pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Float32, UInt8
from trainer.pages import PAGE_WH, Page

SHADE_WAY_PX = 5  # how far a sheet's own shadow reaches, lit from the upper left: paper lies almost flat


@dataclass(frozen=True, slots=True)
class View:
    """Where a camera stands.

    Attributes:
        centre_xy: the page's centre in the frame, in pixels.
        pixels_per_page_px: size of a page pixel in the frame.
        turn_deg: rotation of the page, clockwise.
        tilt_xy: perspective: how much nearer the right and the lower edge are, -0.3 to 0.3.
    """

    centre_xy: tuple[float, float]
    pixels_per_page_px: float
    turn_deg: float = 0.0
    tilt_xy: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Light:
    """How a frame is lit and taken.

    Attributes:
        level: brightness of all.
        slope_xy: change of brightness across and down the frame, as a share.
        shadow_at: where a shadow's edge stands, in frame widths from the left; None for no shadow.
        shadow_softness: width of that edge in frame widths; 0.03 is soft, 0.002 is cut with scissors.
        shadow_depth: share of light that the shadow takes.
        cast_bgr: share of each colour that the lamp gives; a candle has little blue.
        glare_at: where a lamp is mirrored, in frame sizes from the middle; None for nowhere.
        vignette: share of light lost in the corners.
        noise: standard deviation of the sensor's noise in gray levels.
        blur_px: standard deviation of the lens's blur.
        jpeg_quality: of the camera's own compression, 1 to 100; None where it hands out raw frames.
    """

    level: float = 1.0
    slope_xy: tuple[float, float] = (0.0, 0.0)
    shadow_at: float | None = None
    shadow_softness: float = 0.03
    shadow_depth: float = 0.28
    cast_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    glare_at: tuple[float, float] | None = None
    vignette: float = 0.1
    noise: float = 2.0
    blur_px: float = 0.5
    jpeg_quality: int | None = None


@dataclass(frozen=True, slots=True)
class SeenNumber:
    """A number as it stands in a frame: its text, its line, and the box of each digit in frame pixels."""

    text: str
    line: int
    digit_boxes: tuple[BoxXYWH, ...]

    @property
    def box_xywh(self) -> BoxXYWH:
        """The box round all digits."""
        left, top = min(box[0] for box in self.digit_boxes), min(box[1] for box in self.digit_boxes)
        right = max(box[0] + box[2] for box in self.digit_boxes)
        bottom = max(box[1] + box[3] for box in self.digit_boxes)
        return left, top, right - left, bottom - top

    def inside(self, frame_wh: tuple[int, int]) -> bool:
        """Whether all of it is in the frame, with a pixel to spare."""
        left, top, width, height = self.box_xywh
        return left >= 1 and top >= 1 and left + width < frame_wh[0] and top + height < frame_wh[1]


def homography(view: View) -> NDArray[np.float64]:
    """The map from page pixels to frame pixels, (3, 3) float64."""
    turn = np.deg2rad(view.turn_deg)
    cosine, sine = np.cos(turn) * view.pixels_per_page_px, np.sin(turn) * view.pixels_per_page_px
    to_centre = np.array([[1, 0, -PAGE_WH[0] / 2], [0, 1, -PAGE_WH[1] / 2], [0, 0, 1]])
    place = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    place[2, :2] = -view.tilt_xy[0] / PAGE_WH[0], -view.tilt_xy[1] / PAGE_WH[1]
    to_frame = np.array([[1, 0, view.centre_xy[0]], [0, 1, view.centre_xy[1]], [0, 0, 1]])
    return np.asarray(to_frame @ place @ to_centre)


def take_frame(
    page: Page, views: Sequence[View], light: Light, desk: UInt8, frame_wh: tuple[int, int], random: np.random.Generator
) -> UInt8:
    """One frame of a page on a desk.

    Args:
        page: what lies there.
        views: where the page is while the shutter is open; several make motion blur.
        light: how it is lit and taken.
        desk: of `draw_desk`.
        frame_wh: size of the frame in pixels.
        random: of the sensor's noise.

    Returns:
        (H, W, 3) uint8, blue first.
    """
    exposures = [_expose(page, view, desk, frame_wh) for view in views]
    scene = np.asarray(np.mean(exposures, axis=0), dtype=np.float32)
    level = _light_map(light, frame_wh)
    lit = scene * cv2.merge([level * np.float32(cast) for cast in light.cast_bgr])
    if light.glare_at is not None:
        lit += _thrice(_glare(light.glare_at, frame_wh))
    if light.blur_px > 0:
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), light.blur_px), dtype=np.float32)
    noise = random.normal(0.0, light.noise, (frame_wh[1], frame_wh[0])).astype(np.float32)
    frame: UInt8 = np.clip(lit + _thrice(noise) + 0.5, 0, 255).astype(np.uint8)
    return frame if light.jpeg_quality is None else _through_jpeg(frame, light.jpeg_quality)


def see_numbers(page: Page, view: View) -> tuple[SeenNumber, ...]:
    """Where each number of a page stands in the frame, whether or not it is inside."""
    matrix = homography(view)
    return tuple(
        SeenNumber(number.text, number.line, tuple(_seen_box(digit.box_xywh, matrix) for digit in number.digits))
        for number in page.numbers
    )


def _expose(page: Page, view: View, desk: UInt8, frame_wh: tuple[int, int]) -> Float32:
    """The page over the desk, without light or noise, (H, W, 3) float32."""
    matrix = homography(view)
    if desk.shape[1] < frame_wh[0] or desk.shape[0] < frame_wh[1]:
        desk = np.asarray(cv2.resize(desk, frame_wh, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    corner = (desk.shape[1] - frame_wh[0]) // 2, (desk.shape[0] - frame_wh[1]) // 2
    scene = desk[corner[1] : corner[1] + frame_wh[1], corner[0] : corner[0] + frame_wh[0]].astype(np.float32)
    # Twice the frame's resolution, then averaged: a plain warp would drop thin strokes between samples.
    double = np.diag([2.0, 2.0, 1.0]) @ matrix
    size_wh = 2 * frame_wh[0], 2 * frame_wh[1]
    paper = cv2.warpPerspective(page.picture, double, size_wh, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full(page.ink.shape, 255, np.uint8), double, size_wh, flags=cv2.INTER_LINEAR)
    paper = cv2.resize(paper, frame_wh, interpolation=cv2.INTER_AREA).astype(np.float32)
    covered = cv2.resize(cover, frame_wh, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    shade = cv2.GaussianBlur(_shift(covered, SHADE_WAY_PX), (0, 0), SHADE_WAY_PX)  # of the page's edge on the desk
    return scene * _thrice(1.0 - 0.4 * shade) * _thrice(1.0 - covered) + paper * _thrice(covered)


def _thrice(plane: Float32) -> Float32:
    """The same for blue, green and red, (H, W, 3): many times as quick to reckon with as a plane spread by NumPy."""
    return np.asarray(cv2.merge((plane, plane, plane)), dtype=np.float32)


def _shift(cover: Float32, way_px: int) -> Float32:
    """The same moved right and down; what comes in from outside continues the edge (np.roll would wrap round)."""
    move = np.array([[1, 0, way_px], [0, 1, way_px]], dtype=np.float32)
    size_wh = cover.shape[1], cover.shape[0]
    return np.asarray(cv2.warpAffine(cover, move, size_wh, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _light_map(light: Light, frame_wh: tuple[int, int]) -> Float32:
    """Brightness of each pixel, (H, W) float32."""
    y, x = np.mgrid[-0.5 : 0.5 : frame_wh[1] * 1j, -0.5 : 0.5 : frame_wh[0] * 1j].astype(np.float32)
    level = light.level * (1.0 + light.slope_xy[0] * x + light.slope_xy[1] * y)
    level *= 1.0 - light.vignette * 2.0 * (x * x + y * y)
    if light.shadow_at is not None:
        distance = x + 0.5 + 0.35 * y - light.shadow_at
        level *= 1.0 - light.shadow_depth / (1.0 + np.exp(np.clip(distance / light.shadow_softness, -50, 50)))
    return np.asarray(level, dtype=np.float32)


def _glare(at: tuple[float, float], frame_wh: tuple[int, int]) -> Float32:
    """Light added by the mirror image of a lamp, (H, W) float32 gray levels: a core that washes ink out, and a halo."""
    y, x = np.mgrid[-0.5 : 0.5 : frame_wh[1] * 1j, -0.5 : 0.5 : frame_wh[0] * 1j].astype(np.float32)
    squared = ((x - at[0]) / 0.09) ** 2 + ((y - at[1]) / 0.07) ** 2
    return np.asarray(110.0 * np.exp(-squared) + 40.0 * np.exp(-squared / 9.0), dtype=np.float32)


def _through_jpeg(frame: UInt8, quality: int) -> UInt8:
    """The frame with the blocks and rings that JPEG leaves, (H, W, 3) uint8."""
    _, stream = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(stream, cv2.IMREAD_COLOR), dtype=np.uint8)


def _seen_box(box_xywh: BoxXYWH, matrix: NDArray[np.float64]) -> BoxXYWH:
    x, y, width, height = box_xywh
    corners = np.array([[[x, y], [x + width, y], [x, y + height], [x + width, y + height]]], dtype=np.float64)
    seen = cv2.perspectiveTransform(corners, matrix)[0]
    left, top = np.floor(seen.min(axis=0)).astype(int)
    right, bottom = np.ceil(seen.max(axis=0)).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def random_view(random: np.random.Generator, frame_wh: tuple[int, int]) -> View:
    """A hand-held look at a page that fills most of the frame."""
    size = min(frame_wh[0] / PAGE_WH[0], frame_wh[1] / PAGE_WH[1]) * random.uniform(0.88, 0.98)
    centre = frame_wh[0] * random.uniform(0.49, 0.51), frame_wh[1] * random.uniform(0.49, 0.51)
    tilt_x, tilt_y = random.uniform(-0.12, 0.12, 2)
    return View(centre, size, random.uniform(-4.0, 4.0), (tilt_x, tilt_y))


def random_light(random: np.random.Generator) -> Light:
    """Room light, from a window or a lamp, sometimes with a shadow."""
    slope_x, slope_y = random.uniform(-0.4, 0.4, 2)
    return Light(
        level=random.uniform(0.7, 1.0),
        slope_xy=(slope_x, slope_y),
        shadow_at=random.uniform(0.2, 0.8) if random.random() < 0.4 else None,
        vignette=random.uniform(0.0, 0.3),
        noise=random.uniform(1.0, 5.0),
        blur_px=random.uniform(0.3, 0.9),
        jpeg_quality=int(random.integers(60, 96)),  # what phones and webcams use
    )
