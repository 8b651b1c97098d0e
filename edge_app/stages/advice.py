"""A frame and what it says in, what keeps it from being read well out, in words for the person at the camera."""

import numpy as np

from edge_app.frames import Frame, FrameReadings

LOOK_PX = 8  # every so many pixels are looked at: light changes slowly across a page
DARK_GRAY = 60  # of 255: where nine tenths of a picture without readings are darker, there is too little light
BRIGHT_GRAY = 250  # where nine tenths of it are brighter, ink is washed out too
SMALL_DIGIT_PX = 16  # below it, a digit has less than the model's 20 pixels, and reads worse


def advice(frame: Frame, seen: FrameReadings) -> tuple[str, ...]:
    """What a person could do better; empty where all is well.

    Args:
        frame: the picture.
        seen: what it alone says.
    """
    said = []
    if not seen.readings:
        sample = frame.gray[::LOOK_PX, ::LOOK_PX]
        darkest, brightest = np.percentile(sample, (10, 90))
        if brightest < DARK_GRAY:
            said.append("page too dark: more light, or a longer exposure")
        elif darkest > BRIGHT_GRAY:
            said.append("page too bright: less light, or a shorter exposure")
    elif not any(reading.whole for reading in seen.readings):
        said.append("each number runs off the picture, or stands too close to something that cannot be read")
    heights = [digit.box_xywh[3] for reading in seen.readings for digit in reading.digits]
    if heights and np.median(heights) < SMALL_DIGIT_PX:
        said.append(f"digits smaller than {SMALL_DIGIT_PX} px: bring the camera closer, or ask it for larger pictures")
    if seen.regions_dropped:
        said.append(f"{seen.regions_dropped} marks more than are looked at: choose the part of the picture to read")
    return tuple(said)
