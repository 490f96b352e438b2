"""Work that is shared with other cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


class ThreadPool:
    """Worker threads that help their callers; any thread may call, and work may call again.

    ONNX Runtime and OpenCV release the GIL, so that the threads really run at once. ONNX Runtime's
    own threads would share every layer of one small network instead, and spin in between.
    """

    def __init__(self, workers: int) -> None:
        """Start with a number of workers; with none the caller does everything."""
        self._workers = ThreadPoolExecutor(workers, 'worker') if workers > 0 else None

    def close(self) -> None:
        """End the threads; no more calls are allowed."""
        if self._workers is not None:
            self._workers.shutdown()

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the result for each item, in order.

        Workers go from the front to the back, the caller from the back to the front, taking over
        what no worker has begun. So no thread ever waits for a worker that is itself waiting.
        """
        if self._workers is None or len(items) < 2:
            return list(map(work, items))
        first, *others = items
        begun = [self._workers.submit(work, item) for item in others]
        mine = [work(first)]
        while begun and begun[-1].cancel():
            begun.pop()
            mine.append(work(others[len(begun)]))
        return [mine[0], *(future.result() for future in begun), *mine[:0:-1]]

    def run_both(
        self, one: Callable[[], Item], other: Callable[[], Result]
    ) -> tuple[Item, Result]:
        """Return both results; a worker, if there is one, does the other meanwhile."""
        if self._workers is None:
            return one(), other()
        begun = self._workers.submit(other)
        result = one()
        return result, other() if begun.cancel() else begun.result()


NO_WORKERS = ThreadPool(0)
