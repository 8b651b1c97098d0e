"""Every failure that Edge Digits names, so that callers can catch one kind or all of them.

    EdgeAppError
    ├── ConfigError       (ValueError)    a config file, environment variable or flag is unusable
    ├── BundleError       (ValueError)    a model bundle is missing, damaged or not for this app
    ├── InterpreterError  (RuntimeError)  a native runtime or delegate cannot be loaded, or failed
    ├── CameraError       (OSError)       a camera is missing, vanished or stopped yielding frames
    ├── ImageError        (ValueError)    one image file cannot be read
    └── OutputError       (OSError)       a place where results go cannot be opened or written

Each also inherits the builtin that fits it, so code that knows nothing of this module still catches it.
A message says what, what was expected, what was received and, where one is known, the next step.
"""


class EdgeAppError(Exception):
    """Base of every error that Edge Digits raises on purpose."""


class ConfigError(EdgeAppError, ValueError):
    """A config file, environment variable or flag is unusable."""


class BundleError(EdgeAppError, ValueError):
    """A model bundle is missing, damaged or not for this app."""


class InterpreterError(EdgeAppError, RuntimeError):
    """A native runtime or delegate cannot be loaded, or failed while running."""


class CameraError(EdgeAppError, OSError):
    """A camera is missing, vanished or stopped yielding frames. Retrying may help."""


class ImageError(EdgeAppError, ValueError):
    """One image file cannot be read. Other files are not affected."""


class OutputError(EdgeAppError, OSError):
    """A place where results go cannot be opened or written. Reading goes on without it."""
