"""Every failure that Edge Digits names, so that callers can catch one kind or all of them.

    EdgeAppError                              exit code
    ├── ConfigError       (ValueError)        3   a config file, environment variable or flag is unusable
    ├── CameraError       (OSError)           4   a camera is missing, vanished or stopped yielding frames
    ├── BundleError       (ValueError)        5   a model bundle is missing, damaged or not for this app
    ├── InterpreterError  (RuntimeError)      6   a native runtime or delegate cannot be loaded, or failed
    ├── OutputError       (OSError)           7   a place where results go cannot be opened or written
    ├── StoreError        (OSError)           8   the device's store of bundles cannot be read or changed
    ├── ServiceError      (OSError)           9   no running app answers, or one does where it should not
    ├── RolloutError      (RuntimeError)     10   the running app did not take up a new bundle
    └── ImageError        (ValueError)        1   one picture cannot be read

Each also inherits the builtin that fits it, so code that knows nothing of this module still catches it.
A message says what, what was expected, what was received and, where one is known, the next step.
"""


class EdgeAppError(Exception):
    """Base of every error that Edge Digits raises on purpose.

    Attributes:
        exit_code: of a command that it ends; 70 is a bug of ours (EX_SOFTWARE of sysexits.h).
    """

    exit_code = 70


class ConfigError(EdgeAppError, ValueError):
    """A config file, environment variable or flag is unusable."""

    exit_code = 3


class CameraError(EdgeAppError, OSError):
    """A camera is missing, vanished or stopped yielding frames. Retrying may help."""

    exit_code = 4


class BundleError(EdgeAppError, ValueError):
    """A model bundle is missing, damaged or not for this app."""

    exit_code = 5


class InterpreterError(EdgeAppError, RuntimeError):
    """A native runtime or delegate cannot be loaded, or failed while running."""

    exit_code = 6


class OutputError(EdgeAppError, OSError):
    """A place where results go cannot be opened or written. Reading goes on without it."""

    exit_code = 7


class StoreError(EdgeAppError, OSError):
    """The device's store of bundles cannot be read or changed, or holds no such bundle."""

    exit_code = 8


class ServiceError(EdgeAppError, OSError):
    """No running app answers at its socket, or one does where it should not."""

    exit_code = 9


class RolloutError(EdgeAppError, RuntimeError):
    """The running app did not take up a new bundle; the one before is active again."""

    exit_code = 10


class ImageError(EdgeAppError, ValueError):
    """A picture, or the truth beside a clip, cannot be read. Other files are not affected."""

    exit_code = 1
