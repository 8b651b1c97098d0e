"""An RTSP server for tests, made of Debian's GStreamer: MJPEG at 15 fps, a white ball that moves on black or a picture.

Run by the system's Python, which has gi: /usr/bin/python3 rtsp_server.py PORT [JPEG]. Prints "ready" once it listens.
"""

import sys

BALL = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=15/1"
PICTURE = (
    "multifilesrc location={} loop=true caps=image/jpeg,framerate=15/1 ! jpegdec ! videoconvert "
    "! video/x-raw,format=I420"
)


def main(port: str, picture: str = "") -> None:
    """Serves until it is killed. The imports are here since pytest looks into every file for doctests."""
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer

    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(f"( {PICTURE.format(picture) if picture else BALL} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/digits", factory)
    if server.attach(None) == 0:
        raise SystemExit(f"port {port} cannot be listened on")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
