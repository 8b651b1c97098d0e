"""The stages one frame passes through: pure functions, arrays in and values out.

No stage knows a camera, a clock, a file, an environment variable or a logger.
"""
