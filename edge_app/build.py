"""A checked config and its model in, the pipeline that they ask for out.

Apart from `assemble`, so that who reads one picture does not wait for the import of what the loop needs.
"""

from edge_app.config import Config
from edge_app.errors import ConfigError
from edge_app.frames import Shares
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.stages.regions import RegionLimits
from edge_app.verified import Model

GLANCE_THRESHOLD = 0.5  # of one frame's digit: below it, another digit may be as likely


def build_pipeline(config: Config, model: Model, glance: bool = False) -> Pipeline:
    """The pipeline with the configured settings.

    Args:
        config: says how a frame is read.
        model: says which confidence is enough, unless the user does.
        glance: whether one frame is an opinion among many, which a tracker averages, and may be less sure.
    """
    threshold = confidence_threshold(config, model)
    settings = ReadSettings(
        threshold=GLANCE_THRESHOLD if glance else threshold,
        polarity=config.detect.polarity,
        working_side_px=config.detect.working_side_px,
        limits=RegionLimits(config.detect.min_height_px, config.detect.max_regions),
        orientation=config.detect.orientation,
        settle_frames=config.publish.confirm_frames if glance else 1,
        roi=parse_roi(config.detect.roi),
    )
    return Pipeline(model.interpreter, settings)


def confidence_threshold(config: Config, model: Model) -> float:
    """Least confidence of a digit that is shown: the bundle's unless the user set one."""
    configured = config.read.confidence
    return configured if configured >= 0 else model.bundle.manifest.thresholds.confidence


def parse_roi(text: str) -> Shares | None:
    """The part of the picture that is read; None for all of it.

    Raises:
        ConfigError: the text is not four shares, or they leave nothing.

    >>> parse_roi("0.25, 0.4, 0.5, 0.2"), parse_roi("")
    ((0.25, 0.4, 0.5, 0.2), None)
    """
    if not text.strip():
        return None
    try:
        left, top, width, height = (float(share) for share in text.split(","))
    except ValueError as error:
        raise ConfigError(f"detect.roi must be left, top, width, height. Received: {text!r}") from error
    if not (0 <= left < 1 and 0 <= top < 1 and 0 < width <= 1 and 0 < height <= 1):
        raise ConfigError(f"detect.roi must be shares of the picture, 0 to 1, of some size. Received: {text!r}")
    return left, top, width, height


def max_pixels(config: Config) -> int:
    """Most pixels of a picture that is opened."""
    return round(config.limits.max_megapixels * 1e6)
