"""Pictures of every common kind are read as a person sees them; what is no picture is refused in one line."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_app.devices.cameras.images import ImagesCamera, list_images, read_image
from edge_app.errors import CameraError, ImageError

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n%%EOF\n"


def gradient(mode: str = "L") -> Image.Image:
    """A wide picture: dark at the left, light at the right."""
    ramp = np.tile(np.linspace(20, 230, 60).astype(np.uint8), (40, 1))
    return Image.fromarray(ramp).convert(mode)


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        pytest.param("L", ".png", id="gray"),
        pytest.param("RGB", ".jpg", id="JPEG"),
        pytest.param("RGB", ".webp", id="WebP"),
        pytest.param("RGBA", ".png", id="opaque RGBA"),
        pytest.param("LA", ".png", id="gray with alpha"),
        pytest.param("P", ".png", id="palette"),
        pytest.param("P", ".gif", id="GIF"),
        pytest.param("CMYK", ".jpg", id="CMYK JPEG"),
        pytest.param("CMYK", ".tif", id="CMYK TIFF"),
        pytest.param("I;16", ".png", id="16-bit"),
        pytest.param("F", ".tif", id="float TIFF"),
    ],
)
def test_a_picture_of_any_mode_has_the_same_light_and_dark(tmp_path: Path, mode: str, suffix: str) -> None:
    picture = gradient() if mode == "I;16" else gradient(mode)
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(gradient(), dtype=np.uint16) * 16)  # 12 bits in 16

    frame = read_image(saved(picture, tmp_path / f"picture{suffix}"))

    assert frame.size_wh == (60, 40)
    assert frame.gray[:, :6].mean() < 60 < 190 < frame.gray[:, -6:].mean()
    assert frame.bgr().shape == (40, 60, 3)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_a_blank_page_stays_blank_however_many_bits_it_has(tmp_path: Path, dtype: str) -> None:
    noise = np.random.default_rng(0).normal(3000, 10, (40, 60))  # 12 bits
    path = saved(Image.fromarray(noise.astype(dtype)), tmp_path / "blank.tif")

    gray = read_image(path).gray

    assert gray.mean() == pytest.approx(3000 / 4095 * 255, abs=1)
    assert np.ptp(gray) < 8  # stretched to its own range it would be all ink


def test_a_hot_pixel_does_not_darken_a_12_bit_picture(tmp_path: Path) -> None:
    wide = np.asarray(gradient(), dtype=np.uint16) * 16
    wide[3, 3] = 65535

    gray = read_image(saved(Image.fromarray(wide), tmp_path / "hot.png")).gray

    assert gray[:, -6:].mean() > 190


def test_a_16_bit_colour_picture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.full((8, 8, 3), (250 * 257, 20 * 257, 10 * 257), dtype=np.uint16))

    assert read_image(path).bgr()[0, 0].tolist() == [250, 20, 10]


def test_a_float_picture_from_0_to_1_is_read(tmp_path: Path) -> None:
    floats = np.asarray(gradient(), dtype=np.float32) / 255
    floats[0, 0] = np.nan

    gray = read_image(saved(Image.fromarray(floats), tmp_path / "floats.tif")).gray

    assert gray[0, 0] == 0
    assert np.array_equal(gray[1:], np.asarray(gradient())[1:])


def test_a_ycck_jpeg_is_read(tmp_path: Path) -> None:
    ink = Image.new("RGB", (32, 32), (55, 195, 235))  # cyan, magenta and yellow of the colour 200, 60, 20
    planes = np.dstack([np.asarray(ink.convert("YCbCr")), np.full((32, 32), 255, dtype=np.uint8)])  # 255: no black
    path = saved(Image.fromarray(255 - planes, "CMYK"), tmp_path / "ycck.jpg", quality=98)  # saving turns it back
    stored = bytearray(path.read_bytes())
    stored[stored.index(b"Adobe") + 11] = 2  # Adobe's word for it: the planes are Y, Cb, Cr and K
    path.write_bytes(stored)

    assert read_image(path).bgr()[16, 16].tolist() == pytest.approx([20, 60, 200], abs=4)


def test_a_gray_picture_has_no_colours_to_keep(tmp_path: Path) -> None:
    frame = read_image(saved(gradient(), tmp_path / "gray.png"))

    assert frame.make_bgr is None
    assert np.array_equal(frame.bgr()[:, :, 2], frame.gray)


def test_a_palette_with_one_transparent_colour_shows_white_there(tmp_path: Path) -> None:
    picture = Image.new("P", (40, 30), 1)
    picture.putpalette([0, 0, 0, 10, 10, 10])
    picture.paste(0, (0, 0, 20, 30))

    gray = read_image(saved(picture, tmp_path / "key.png", transparency=0)).gray

    assert (gray[0, 0], gray[0, -1]) == (255, 10)


def test_black_and_white_is_read(tmp_path: Path) -> None:
    frame = read_image(saved(gradient("1"), tmp_path / "bits.png"))

    assert set(np.unique(frame.gray)) == {0, 255}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    picture.paste((200, 0, 0, 255), (0, 0, 20, 30))

    frame = read_image(saved(picture.convert(mode), tmp_path / "see-through.png"))

    assert frame.gray[:, 30:].min() == 255
    assert frame.gray[:, :10].max() < 130


def test_colours_are_blue_first(tmp_path: Path) -> None:
    frame = read_image(saved(Image.new("RGB", (8, 8), (10, 20, 250)), tmp_path / "blue.png"))

    assert frame.bgr()[0, 0].tolist() == [250, 20, 10]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_by_its_exif_tag(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((40, 60), dtype=np.uint8)
    upright[:20, :30] = 255  # light top left
    turn_back = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7}
    stored = [
        upright, upright[:, ::-1], upright[::-1, ::-1], upright[::-1],
        upright.T, np.rot90(upright), np.rot90(upright.T, 2), np.rot90(upright, -1),
    ][turn_back[orientation]]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.jpg"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, quality=95)

    gray = read_image(path).gray

    assert gray.shape == (40, 60)
    assert gray[:18, :28].min() > 200
    assert gray[22:, :].max() < 60


def test_the_first_picture_of_an_animation_is_read(tmp_path: Path) -> None:
    pictures = [Image.new("L", (20, 20), level) for level in (250, 10)]
    path = tmp_path / "moving.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:])

    assert read_image(path).gray.min() > 240


@pytest.mark.timeout(20)
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe.png"
    os.mkfifo(path)

    with pytest.raises(ImageError, match="must be a picture in a file. Received: a device or pipe"):
        read_image(path)


def claimed(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size that its few bytes do not hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


def test_a_file_over_the_size_limit_is_refused_by_its_header(tmp_path: Path) -> None:
    path = claimed(tmp_path / "huge.png", 60_000, 60_000)

    with pytest.raises(ImageError, match="at most 50 megapixels. Received: 60000x60000"):
        read_image(path)


def test_the_limit_is_the_callers(tmp_path: Path) -> None:
    path = saved(gradient(), tmp_path / "small.png")

    assert read_image(path, max_pixels=2400).size_wh == (60, 40)
    with pytest.raises(ImageError, match="at most 0.002399 megapixels"):
        read_image(path, max_pixels=2399)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("gone.png", None, "file not found", id="missing"),
        pytest.param("empty.png", b"", "Received: an empty file", id="empty"),
        pytest.param("text.png", b"not a picture", "Received: a file of another kind", id="text"),
        pytest.param("drawn.png", EPS, "must be a picture made of pixels. Received: EPS", id="EPS under another name"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImageError, match=message) as refusal:
        read_image(path)

    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="must be a picture, or a folder with pictures in it"):
        read_image(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".tif", ".webp", ".bmp"])
def test_no_truncation_gets_past(tmp_path: Path, suffix: str) -> None:
    whole = saved(gradient("RGB"), tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"part{suffix}"

    for length in (1, 4, 12, len(whole) // 4, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(ImageError):
            read_image(path)


def test_damaged_files_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    refused = 0
    for suffix in (".png", ".jpg", ".gif", ".tif", ".webp"):
        whole = saved(gradient("RGB"), tmp_path / f"whole{suffix}").read_bytes()
        path = tmp_path / f"damaged{suffix}"
        for seed in range(60):
            random = np.random.default_rng(seed)
            damaged = bytearray(whole)
            for position in random.integers(0, len(whole), 6).tolist():
                damaged[position] = int(random.integers(0, 256))
            path.write_bytes(damaged)
            try:
                read_image(path, max_pixels=1_000_000)
            except ImageError:
                refused += 1

    assert refused > 100


def test_pictures_of_a_folder_come_in_the_order_a_person_counts(tmp_path: Path) -> None:
    for name in ("page10.png", "page2.PNG", "page1.jpg", "notes.txt", "²3.png", "._page1.jpg"):
        saved(gradient(), tmp_path / name, format="PNG")
    (tmp_path / "folder.png").mkdir()

    assert [path.name for path in list_images(tmp_path)] == ["page1.jpg", "page2.PNG", "page10.png", "²3.png"]


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="must be a folder that can be listed. Received: No such file"):
        list_images(tmp_path / "gone")


def test_a_camera_of_pictures_leaves_out_a_bad_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = [saved(gradient(), tmp_path / f"{n}.png") for n in range(2)]
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    camera = ImagesCamera("folder", [good[0], bad, good[1]])

    frames = [camera.read(), camera.read(), camera.read()]

    assert [frame.sequence if frame else None for frame in frames] == [0, 1, None]
    assert "left out: " in caplog.text


def test_a_camera_of_no_pictures_is_refused() -> None:
    with pytest.raises(CameraError, match="must hold at least one picture"):
        ImagesCamera("folder", [])


def test_a_camera_of_bad_pictures_only_is_an_error(tmp_path: Path) -> None:
    paths = [tmp_path / "gone1.png", tmp_path / "gone2.png"]

    with pytest.raises(CameraError, match="folder: must hold a picture that can be read. Received: 2 bad"):
        ImagesCamera("folder", paths).read()
