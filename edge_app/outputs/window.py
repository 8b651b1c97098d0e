"""Moments in, a window on the screen and its keys out; a line along the bottom names them.

The layers are those of the live page: the picture with or without what was read, the ink, the crops.
"""

import os
import socket
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.caption import caption, letterbox
from edge_app.protocols import Command

TITLE = "Edge Digits"
HELP = "q quit   s snapshot   space pause   p publish nothing   o boxes   m ink   c crops"
PAUSED_HELP = "paused: space goes on   q quit   s snapshot"
HELD_HELP = "publishing is paused: p goes on   q quit   s snapshot   o boxes   m ink   c crops"
PAUSED_BGR = (66, 228, 240)
HELP_HEIGHT = 28
OPENED_WH = (960, 720 + HELP_HEIGHT)  # 4:3 over the help line, for any desktop; a person can resize it
LEAST_WH = (160, 120 + HELP_HEIGHT)  # drawn for a window that is smaller
# OpenCV's Qt shrinks a picture to its window but never enlarges it, and tells the size of the picture, not of the
# window. So what is shown is always this much larger than the window was, and follows one that grows in a few turns.
OVERSIZE = 1.25
X11_SOCKETS = "/tmp/.X11-unix/X"
X11_TCP_PORT = 6000
CONNECT_TIMEOUT_S = 2.0  # a display over the network either answers at once or is not one to draw video on

ESCAPE = 27
COMMANDS: Mapping[int, Command] = MappingProxyType(
    {
        ord("q"): Command.QUIT,
        ord("Q"): Command.QUIT,
        ESCAPE: Command.QUIT,
        ord("s"): Command.SNAPSHOT,
        ord("S"): Command.SNAPSHOT,
        ord(" "): Command.PAUSE,
        ord("p"): Command.HOLD,
        ord("P"): Command.HOLD,
    }
)


class Layer(Enum):
    """What the window shows."""

    OVERLAY = "o"
    PLAIN = "plain"
    MASK = "m"
    CROPS = "c"


class Window:
    """A resizable window; see `edge_app.protocols.Output`.

    Keys are read in `write`, so a paused loop goes on calling it with the last moment.
    """

    wants_overlay = True

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Opens the window.

        Args:
            environ: where DISPLAY is looked up.

        Raises:
            OutputError: there is no display. OpenCV itself would abort the process, without an exception.
        """
        if not display_available(environ):
            raise OutputError(
                "a window needs a display. Expected: DISPLAY naming an X server that answers (XWayland on a Wayland "
                f"desktop). Received: DISPLAY={environ.get('DISPLAY', '')!r}. Record to a video or PNG file instead"
            )
        self._shown = self._paused = self._held = self._closed = False
        self._layer = Layer.OVERLAY
        self._inner_wh = OPENED_WH
        try:
            cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
            cv2.resizeWindow(TITLE, *OPENED_WH)
        except cv2.error as error:
            raise OutputError(
                f"OpenCV cannot open a window: {error}. Install opencv-python rather than its headless kind"
            ) from error

    @property
    def name(self) -> str:
        """Always "window"."""
        return "window"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Shows a frame and gives the key that was pressed since the last one, if it means anything.

        Raises:
            OutputError: the display has gone.
        """
        if overlay_bgr is None or self._closed:
            return None
        try:
            if self._shown and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
                return Command.QUIT
            cv2.imshow(TITLE, with_help(_shown(self._layer, moment, overlay_bgr), self._inner_wh, self._help()))
            key = cv2.waitKey(1)
            self._inner_wh = _inner_size_wh()
        except cv2.error as error:
            raise OutputError(f"window can no longer be drawn: {error}") from error
        self._shown = True
        return self._obey(key & 0xFF) if key != -1 else None

    def _obey(self, key: int) -> Command | None:
        """Changes what the window itself shows, and gives what the loop is to do."""
        self._layer = _next_layer(self._layer, chr(key).lower())
        command = COMMANDS.get(key)
        if command is Command.PAUSE:
            self._paused = not self._paused
        elif command is Command.HOLD:
            self._held = not self._held
        return command

    def _help(self) -> str:
        return PAUSED_HELP if self._paused else HELD_HELP if self._held else HELP

    def close(self) -> None:
        """Takes the window off the screen. Safe to call twice, and where the person has closed it."""
        if self._closed:
            return
        self._closed = True
        cv2.destroyAllWindows()


def _next_layer(layer: Layer, key: str) -> Layer:
    """A layer's key shows it, and the same key again the picture with what was read; "o" takes that off the picture."""
    if key == Layer.OVERLAY.value:
        return Layer.PLAIN if layer is Layer.OVERLAY else Layer.OVERLAY
    if key in (Layer.MASK.value, Layer.CROPS.value):
        return Layer.OVERLAY if layer.value == key else Layer(key)
    return layer


def _shown(layer: Layer, moment: Moment, overlay_bgr: UInt8) -> UInt8:
    """(H, W, 3) uint8 of a layer; the picture with what was read where the stages are not to be asked."""
    if layer is Layer.PLAIN:
        return moment.frame.bgr()
    if layer is Layer.OVERLAY or moment.make_layers is None:
        return overlay_bgr
    layers = moment.make_layers()
    return np.asarray(cv2.cvtColor(layers.mask if layer is Layer.MASK else layers.crops, cv2.COLOR_GRAY2BGR), np.uint8)


def with_help(overlay_bgr: UInt8, size_wh: tuple[int, int], text: str = HELP) -> UInt8:
    """The picture as the window gets it: fitted into the window, with the keys in a line below.

    Args:
        overlay_bgr: (H, W, 3) uint8; not written to.
        size_wh: of the window's inside in pixels.
        text: of the line; where publishing is paused or the picture stands still, in another colour.

    Returns:
        (height, width, 3) uint8, a new array OVERSIZE times the window's size.
    """
    width, height, help_height = (round(size * OVERSIZE) for size in (*size_wh, HELP_HEIGHT))
    strip_wh = (width, help_height)
    help_line = caption(text, strip_wh) if text == HELP else caption(text, strip_wh, PAUSED_BGR)
    drawn: UInt8 = np.vstack([letterbox(overlay_bgr, (width, height - help_height)), help_line])
    return drawn


def _inner_size_wh() -> tuple[int, int]:
    """Width and height of what the window showed last, at least LEAST_WH."""
    _, _, width, height = cv2.getWindowImageRect(TITLE)
    return max(width, LEAST_WH[0]), max(height, LEAST_WH[1])


def display_available(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened. To be asked before OpenCV's first window call, which aborts where it cannot.

    opencv-python draws through X11 alone (its Qt has no Wayland plugin), so on Linux WAYLAND_DISPLAY without an
    XWayland DISPLAY is no display, unless OpenCV is another build (Debian's), and a DISPLAY whose server does not
    answer is none either.
    """
    if not sys.platform.startswith("linux"):
        return True
    display = environ.get("DISPLAY", "")
    if display and _x_server_answers(display):
        return True
    return bool(environ.get("WAYLAND_DISPLAY")) and _draws_on_wayland()


def _x_server_answers(display: str) -> bool:
    """Whether something listens where an X display name ("[host]:number[.screen]") points."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host in ("", "unix"):
        addresses = (f"{X11_SOCKETS}{number}", f"\0{X11_SOCKETS}{number}")  # a file, or Linux's abstract name
        return any(_listens(socket.AF_UNIX, address) for address in addresses)
    return _listens(socket.AF_INET, (host, X11_TCP_PORT + int(number)))


def _listens(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """Whether a connection is accepted."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(address)
    except (OSError, OverflowError):
        return False
    return True


def _draws_on_wayland() -> bool:
    """Whether this OpenCV has a Wayland plugin, or is not the pip wheel with its own Qt."""
    plugins = Path(cv2.__file__).parent / "qt" / "plugins" / "platforms"
    return not plugins.is_dir() or any(plugins.glob("libqwayland*"))
