"""Memory that was used and is free in, the operating system's again out.

What is in a cycle of references, as an error and the place that it was raised at may be, waits for Python's collector,
which after `gc.freeze` hardly ever looks at what is old, and holds a camera's pictures meanwhile. And pictures come and
go among small objects that stay, so that much of the C library's heap is free between them.
"""

import ctypes
import gc
from collections.abc import Callable
from functools import cache


def keep_loaded() -> None:
    """Says that what is loaded by now stays: no collection need look at it again."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Collects cycles and gives the free pages of the heap back, where the C library can; in about a millisecond."""
    gc.collect()
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's, of this process; others have none."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
