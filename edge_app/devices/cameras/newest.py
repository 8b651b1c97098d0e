"""A live camera in, the same read in a thread of its own out: whoever reads it gets the newest frame, never an old one.

A camera takes frames at its own pace. Read more slowly than that, they would wait in its buffers, and readings would
fall behind what stands before it. So capture and reading overlap, and what comes too late is left out before any work.
"""

import atexit
import threading

from edge_app.errors import CameraError
from edge_app.frames import Frame
from edge_app.protocols import Camera

JOIN_S = 10.0  # longer than any camera blocks in a read


class NewestFrame:
    """See the module, and `edge_app.protocols.Camera`.

    Args:
        camera: owned and closed by this object.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.name, self.live, self.fps = camera.name, camera.live, camera.fps
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._end: CameraError | None = None
        self._over = self._closed = False
        self._thread = threading.Thread(target=self._run, name="newest frame", daemon=True)

    def read(self) -> Frame | None:
        """Waits for a frame that was not read yet.

        Raises:
            CameraError: the camera is gone; a frame from before that is given first.
        """
        if self._thread.ident is None and not self._closed:
            # Python ends threads that are in native code by unwinding it, which aborts the process.
            atexit.register(self._end_thread)
            self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._over)
            frame, self._newest = self._newest, None
            if frame is None and self._closed:
                raise CameraError(f"{self.name}: camera is closed")
            if frame is None and self._end is not None:
                raise self._end
        return frame

    def close(self) -> None:
        """Ends the thread, at the latest after the camera's own timeout, and closes the camera. Safe to call twice."""
        with self._changed:
            self._closed = True
            self._newest = None
        self._end_thread()
        atexit.unregister(self._end_thread)
        self._camera.close()

    def _end_thread(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._over:
            try:
                frame = self._camera.read()
            except CameraError as error:
                frame, self._end = None, error
            with self._changed:
                if frame is None:
                    self._over = True
                elif not self._closed:
                    self._newest = frame
                self._changed.notify()
