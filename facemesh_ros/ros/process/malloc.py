"""Settings of the C library's allocator for large images.

glibc returns large blocks to the kernel as soon as they are freed. Each raw image would have its
thousands of pages unmapped and mapped again, zeroed: measured with images of 1080p, that is 6 of
the 9 ms that it takes to receive one (glibc 2.36).
"""

from __future__ import annotations

import ctypes

# Parameter numbers in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
# The largest value that glibc accepts on 64 bits; a raw 4K image has 25 MB.
MAX_MMAP_THRESHOLD = 32 << 20
TRIM_THRESHOLD = 64 << 20


def keep_freed_memory() -> None:
    """Keep up to 64 MB of freed memory for the next image, in one arena for all threads.

    It affects the whole process, so only its program calls it: first of all, as each thread that
    was there before keeps an arena of its own, in which as much is kept once more (20 MB with 8
    cameras of 1080p). Only glibc has these settings.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, MAX_MMAP_THRESHOLD)
    mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
    mallopt(M_ARENA_MAX, 1)
