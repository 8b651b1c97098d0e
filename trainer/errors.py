"""What the trainer refuses, with what was expected and received."""


class TrainerError(Exception):
    """Base of every error that the trainer raises on purpose."""


class DataError(TrainerError, ValueError):
    """Training data are missing, damaged or not what they claim to be."""


class RunError(TrainerError, ValueError):
    """A run folder does not fit the command given."""
