"""How the C library keeps memory for images.

glibc gives large blocks back to the kernel as soon as they are free. Each raw image would have its
thousands of pages taken away and given back, zeroed: measured with images of 1080p, that is 6 of
the 9 ms that it takes to receive one (glibc 2.36).
"""

from __future__ import annotations

import ctypes

# Their numbers in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
# The largest block that may be kept at all, on 64 bits; a raw 4K image has 25 MB.
LARGEST_BLOCK = 32 << 20
KEPT = 64 << 20


def keep_freed_memory() -> None:
    """Keep up to 64 MB of freed memory for the next image, in one place for all threads.

    For the whole process, so it is for its `main` to call. Other C libraries do as they like.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)
    mallopt(M_TRIM_THRESHOLD, KEPT)
    mallopt(M_ARENA_MAX, 1)
