"""Card processors that do what a test needs them to do."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from payment.processors import Answer, Approved, Authorization

YES: Final = Approved(reference="ref_1")


class Scripted:
    """Gives (or raises) one answer of a list after the other, and the last one for ever.

    Attributes:
        asked: every authorization, in the order it came.
    """

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.asked: list[Authorization] = []

    def authorize(self, authorization: Authorization) -> Answer:
        with self._lock:
            self.asked.append(authorization)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Watched:
    """Approves after doing something, and counts which calls were under way at the same time.

    Attributes:
        most: the most calls that were under way at once.
        calls: how often each idempotency key was asked.
        doubled: keys that were asked while they were being asked.
    """

    def __init__(self, meanwhile: Callable[[Authorization], object]) -> None:
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self.most = 0
        self.calls: Counter[str] = Counter()
        self.doubled: set[str] = set()

    def authorize(self, authorization: Authorization) -> Answer:
        key = authorization.idempotency_key
        with self._lock:
            self.calls[key] += 1
            self._under_way[key] += 1
            self.most = max(self.most, self._under_way.total())
            if self._under_way[key] > 1:
                self.doubled.add(key)
        try:
            self._meanwhile(authorization)
            return YES
        finally:
            with self._lock:
                self._under_way[key] -= 1
