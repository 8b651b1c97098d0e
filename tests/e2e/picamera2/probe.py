"""Run where picamera2 is: what the app's camera yields, as JSON, and what it says once the camera stands still.

The imports are in the function since pytest looks into every file for doctests.
"""


def main() -> None:
    """Reads ten frames, stops the camera behind the app's back, reads once more."""
    import json

    import numpy as np

    from edge_app.devices.cameras.picamera import PicameraCamera
    from edge_app.errors import CameraError

    camera = PicameraCamera(0, (1280, 720), 30.0)
    frames = [frame for frame in (camera.read() for _ in range(10)) if frame is not None]
    last = frames[-1]
    assert last.lores_gray is not None
    colour = last.make_bgr() if last.make_bgr is not None else np.zeros(0)
    told = {
        "gray": last.gray.shape,
        "lores": last.lores_gray.shape,
        "colour": colour.shape,
        "darkest": int(last.gray.min()),
        "paper": float(np.median(last.gray)),
        "lores_paper": float(np.median(last.lores_gray)),
        "colour_paper": np.median(colour, axis=(0, 1)).tolist(),
        "ascending": bool((np.diff([frame.timestamp_ns for frame in frames]) > 0).all()),
        "sequences": [frame.sequence for frame in frames],
    }
    camera._camera.stop()
    try:
        camera.read()
        told["stopped"] = "a frame"
    except CameraError as error:
        told["stopped"] = str(error)
    camera.close()
    camera.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
