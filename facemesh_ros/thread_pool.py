"""Work that other cores can take a share of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


class ThreadPool:
    """A caller and its helpers; any number of threads may call, and work may call again.

    ONNX Runtime and OpenCV let go of Python's lock, so that threads do run at once. Threads of
    ONNX Runtime's own would share each layer of one small network instead, and spin in between.
    """

    def __init__(self, workers: int) -> None:
        """Take how many threads may help; with none the caller does everything."""
        self._helpers = ThreadPoolExecutor(workers, 'helper') if workers > 0 else None

    def close(self) -> None:
        """End the helpers' threads; nobody may call any more."""
        if self._helpers is not None:
            self._helpers.shutdown()

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the result for each item, in order.

        Helpers go from the front to the back, the caller from the back to the front, taking over
        what nobody has begun. So nobody ever waits for a helper that is waiting himself.
        """
        if self._helpers is None or len(items) < 2:
            return [work(item) for item in items]
        first, *others = items
        begun = [self._helpers.submit(work, item) for item in others]
        mine = [work(first)]
        while begun and begun[-1].cancel():
            begun.pop()
            mine.append(work(others[len(begun)]))
        return [mine[0], *(future.result() for future in begun), *mine[:0:-1]]

    def run_both(
        self, one: Callable[[], Item], other: Callable[[], Result]
    ) -> tuple[Item, Result]:
        """Return both results; a helper, if there is one, does the other meanwhile."""
        if self._helpers is None:
            return one(), other()
        begun = self._helpers.submit(other)
        result = one()
        return result, other() if begun.cancel() else begun.result()


NO_WORKERS = ThreadPool(0)
