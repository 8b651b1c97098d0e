"""A real window on a real X server (Xvfb), with real keys; and no window call at all where there is no display."""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

from edge_app.errors import OutputError
from edge_app.frames import Frame, FrameReadings, Layers, Moment
from edge_app.outputs import window
from edge_app.outputs.window import (
    HELP_HEIGHT,
    OPENED_WH,
    OVERSIZE,
    PAUSED_HELP,
    TITLE,
    Layer,
    Window,
    _shown,
    display_available,
    with_help,
)

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 15.0  # on a busy machine; a test that passes waits for events, not for this

# Shows frames until the window says to quit; tells every command, and every size that it draws for, one a line.
SHOW = """
import sys, time
import numpy as np
from edge_app.frames import Frame, FrameReadings, Layers, Moment
from edge_app.outputs.window import Window
from edge_app.protocols import Command
picture = np.full((240, 320, 3), (0, 160, 0), np.uint8)
layers = Layers(np.full((240, 320), 255, np.uint8), np.zeros((28, 448), np.uint8))
moment = Moment(Frame(picture[:, :, 0], 0, 0), FrameReadings((), (320, 240)), (), False, 0.0, 0.0, "a", "b",
                make_layers=lambda: layers)
output = Window()
told_wh, told_layer = None, output._layer
for turn in range(3000):
    command = output.write(moment, picture)
    if turn == 3:
        print("shown", flush=True)
    if turn >= 3 and output._inner_wh != told_wh:
        told_wh = output._inner_wh
        print("size", *told_wh, flush=True)
    if output._layer is not told_layer:
        told_layer = output._layer
        print("layer", told_layer.name, flush=True)
    if command is not None:
        print(command.value, flush=True)
    if command is Command.QUIT:
        break
    time.sleep(0.02)
output.close()
output.close()
print("closed", flush=True)
"""


@pytest.fixture(scope="module")
def x_display() -> Iterator[str]:
    """An X server without a screen, on a display number that it picks itself."""
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        pytest.skip("the window test needs Xvfb and xdotool (apt install xvfb xdotool)")
    reader, writer = os.pipe()
    screen = ["-screen", "0", "1280x1024x24"]
    # -noreset: without it the server starts anew when its last client goes, and refuses the next one meanwhile
    command = ["Xvfb", "-displayfd", str(writer), *screen, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as answer:
        number = answer.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(timeout=PATIENCE_S)


class Show:
    """The child that shows frames, and hands to press its keys."""

    def __init__(self, display: str) -> None:
        self.environ = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}
        self.environ["DISPLAY"] = display
        self.child = subprocess.Popen(
            [sys.executable, "-c", SHOW], cwd=REPOSITORY, env=self.environ, stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        """The next thing that the child tells."""
        assert self.child.stdout is not None
        return self.child.stdout.readline().strip()

    def command(self) -> str:
        """The next thing that the child tells which is not a size."""
        while (told := self.line()).startswith("size"):
            pass
        return told

    def xdotool(self, *arguments: str) -> str:
        """Runs xdotool on the child's display."""
        return subprocess.run(
            ["xdotool", *arguments], env=self.environ, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        ).stdout.strip()

    def window_id(self) -> str:
        """Of the one visible window with our title, which takes the keys from now on."""
        found = self.xdotool("search", "--sync", "--onlyvisible", "--name", f"^{TITLE}$").splitlines()[0]
        self.xdotool("windowfocus", "--sync", found)
        return found


@pytest.fixture
def show(x_display: str) -> Iterator[Show]:
    """A child whose window is on the screen."""
    running = Show(x_display)
    assert running.line() == "shown"
    yield running
    running.child.kill()
    running.child.wait()
    assert running.child.stdout is not None
    running.child.stdout.close()


def test_keys_ask_for_snapshot_pause_and_quit(show: Show) -> None:
    show.window_id()

    told = []
    for key in ("s", "x", "space", "space", "q"):
        show.xdotool("key", key)
        if key != "x":
            told.append(show.command())

    assert told == ["snapshot", "pause", "pause", "quit"]
    assert show.command() == "closed"
    assert show.child.wait(timeout=PATIENCE_S) == 0


def test_keys_choose_layers_and_pause_publishing(show: Show) -> None:
    show.window_id()

    told = []
    for key in ("m", "c", "c", "o", "o", "p"):
        show.xdotool("key", key)
        told.append(show.command())

    assert told == ["layer MASK", "layer CROPS", "layer OVERLAY", "layer PLAIN", "layer OVERLAY", "hold"]


def test_each_layer_is_what_the_stages_made() -> None:
    gray = np.full((40, 60), 90, np.uint8)
    layers = Layers(np.full((40, 60), 255, np.uint8), np.full((28, 448), 7, np.uint8))
    moment = Moment(
        Frame(gray, 0, 0), FrameReadings((), (60, 40)), (), False, 0.0, 0.0, "a", "b", make_layers=lambda: layers
    )
    overlay = np.zeros((40, 60, 3), np.uint8)

    shown = {layer: _shown(layer, moment, overlay) for layer in Layer}

    assert [(picture.shape, int(picture.max())) for picture in shown.values()] == [
        ((40, 60, 3), 0), ((40, 60, 3), 90), ((40, 60, 3), 255), ((28, 448, 3), 7)]  # fmt: skip


def test_escape_quits(show: Show) -> None:
    show.window_id()

    show.xdotool("key", "Escape")

    assert [show.command(), show.command()] == ["quit", "closed"]


def test_closing_the_window_quits(show: Show, x_display: str) -> None:
    found = show.window_id()

    press_close_button(x_display, int(found))

    assert [show.command(), show.command()] == ["quit", "closed"]
    assert show.child.wait(timeout=PATIENCE_S) == 0


@pytest.mark.parametrize(
    "window_wh",
    [
        pytest.param((500, 300), id="smaller"),
        pytest.param((1180, 900), id="larger"),
        pytest.param((400, 800), id="upright"),
    ],
)
def test_picture_follows_the_size_of_the_window(show: Show, window_wh: tuple[int, int]) -> None:
    found = show.window_id()
    assert show.line() == f"size {OPENED_WH[0]} {OPENED_WH[1]}"

    show.xdotool("windowsize", found, str(window_wh[0]), str(window_wh[1]))

    told = [show.line()]
    while told[-1] != f"size {window_wh[0]} {window_wh[1]}":
        told.append(show.line())
        assert told[-1].startswith("size"), told


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib.h, padded to the size of XEvent."""

    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("words", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 12),
    ]


def press_close_button(display: str, window_id: int) -> None:
    """Sends what a window manager sends for the close button (Xvfb has none): WM_DELETE_WINDOW."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    message = ClientMessage(type=33, window=window_id, format=32)  # 33 is ClientMessage
    message.message_type = x11.XInternAtom(connection, b"WM_PROTOCOLS", 0)
    message.words[0] = x11.XInternAtom(connection, b"WM_DELETE_WINDOW", 0)
    x11.XSendEvent(connection, ctypes.c_ulong(window_id), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(connection)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="nothing set"),
        pytest.param({"DISPLAY": ""}, id="empty"),
        pytest.param({"DISPLAY": ":64999"}, id="no server there"),
        pytest.param({"DISPLAY": "nonsense"}, id="no display name"),
        pytest.param({"DISPLAY": ":-1"}, id="negative"),
        pytest.param({"DISPLAY": "127.0.0.1:59999"}, id="port out of range"),
    ],
)
def test_without_a_display_the_process_is_told_and_lives(environ: dict[str, str]) -> None:
    assert not display_available(environ)

    with pytest.raises(OutputError, match=r"a window needs a display.*Received: DISPLAY="):
        Window(environ)


def test_display_that_answers_is_available(x_display: str) -> None:
    assert display_available({"DISPLAY": x_display})
    assert display_available({"DISPLAY": f"{x_display}.0"})


def test_display_over_the_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(window, "X11_TCP_PORT", server.getsockname()[1] - 3)

        assert display_available({"DISPLAY": "127.0.0.1:3"})


def test_wayland_counts_only_where_opencv_draws_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-0"}
    plugins = tmp_path / "qt" / "plugins" / "platforms"
    monkeypatch.setattr(cv2, "__file__", str(tmp_path / "__init__.py"))

    other_build = display_available(environ)
    plugins.mkdir(parents=True)
    x11_wheel = display_available(environ)
    (plugins / "libqwayland-generic.so").touch()
    wayland_wheel = display_available(environ)

    assert (other_build, x11_wheel, wayland_wheel) == (True, False, True)


def test_help_line_is_below_an_untouched_picture() -> None:
    picture = np.full((600, 800, 3), 77, np.uint8)
    picture.setflags(write=False)
    size_wh = (640, 480 + HELP_HEIGHT)

    shown, paused = with_help(picture, size_wh), with_help(picture, size_wh, PAUSED_HELP)

    assert shown.shape == (round((480 + HELP_HEIGHT) * OVERSIZE), 800, 3)
    assert np.array_equal(shown[:600], picture)
    assert (shown[600:] > 200).any()
    assert not np.array_equal(shown[600:], paused[600:])
