"""Run on the emulated board: what the app's camera yields of a V4L2 device, as a line of JSON behind "PROBE ".

The imports are in the function since pytest looks into every file for doctests.
"""


def main() -> None:
    """Reads ten frames, opens the camera again in another size, asks for one that is not there."""
    import json
    import platform
    import time

    from edge_app.devices.cameras import open_camera
    from edge_app.errors import CameraError

    camera = open_camera("/dev/video0", size_wh=(640, 480), fps=30.0)
    began_s = time.monotonic()
    frames = [frame for frame in (camera.read() for _ in range(10)) if frame is not None]
    told = {
        "machine": platform.machine(),
        "kernel": platform.release(),
        "shape": frames[-1].gray.shape,
        "levels": [int(frames[-1].gray.min()), int(frames[-1].gray.max())],
        "moves": bool((frames[0].gray != frames[-1].gray).any()),
        "fps": camera.fps,
        "seconds": time.monotonic() - began_s,
    }
    camera.close()
    again = open_camera("/dev/video0", size_wh=(1280, 720), fps=30.0)  # what was closed is free again
    frame = again.read()
    told["again"] = frame.gray.shape if frame is not None else None
    again.close()
    try:
        open_camera("/dev/video9", size_wh=(640, 480), fps=30.0)
        told["absent"] = "opened"
    except CameraError as error:
        told["absent"] = str(error)
    print("PROBE " + json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
