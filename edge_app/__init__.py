"""Edge Digits: reads handwritten digits with a Raspberry Pi camera."""

__version__ = "0.1.0"
