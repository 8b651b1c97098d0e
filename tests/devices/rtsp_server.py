"""An RTSP server for tests, made of Debian's GStreamer: a white ball that moves on black, as MJPEG at 15 fps.

Run by the system's Python, which has gi: /usr/bin/python3 rtsp_server.py PORT. Prints "ready" once it listens.
"""

import sys

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=15/1 "
    "! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)


def main(port: str) -> None:
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
    factory.set_launch(PIPELINE)
    factory.set_shared(True)
    server.get_mount_points().add_factory("/digits", factory)
    if server.attach(None) == 0:
        raise SystemExit(f"port {port} cannot be listened on")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1])
