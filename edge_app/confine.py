"""A process that may come to harm in, one that harms nobody but itself out.

A damaged model can make its loader fill the memory; then the kernel ends some process, which must not be the reader.
"""

import resource
from pathlib import Path

MEMORY = 512 << 20  # bytes; a check of a sound bundle takes 85 MiB, and 9 MiB more for each thread
KILL_ME_FIRST = "1000"  # of -1000 to 1000


def confine(memory: int = MEMORY) -> None:
    """Bounds this process's memory, and offers it first where the machine runs out of it; neither can be undone.

    Args:
        memory: bytes of its own that it may take; what is mapped from files does not count. What asks for more
            gets MemoryError, or dies in native code.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    wish = Path("/proc/self/oom_score_adj")
    if wish.exists():  # Linux
        wish.write_text(KILL_ME_FIRST)
