"""Stands in for the Pi's display library, which picamera2 imports whether or not it shows anything."""

from unittest.mock import MagicMock

PixelFormat = MagicMock()
