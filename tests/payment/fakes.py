"""Card processors that do what a test needs them to do."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from payment.processors import (
    Answer,
    Approved,
    Authorization,
    Capture,
    Refund,
    Request,
    Transaction,
    Void,
    ask,
)
from payment.processors.simulator import Simulator

YES: Final = Approved(reference="ref_1")


class Fake:
    """Treats every request alike, and has no books."""

    def _answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def authorize(self, authorization: Authorization) -> Answer:
        return self._answer(authorization)

    def capture(self, capture: Capture) -> Answer:
        return self._answer(capture)

    def void(self, void: Void) -> Answer:
        return self._answer(void)

    def refund(self, refund: Refund) -> Answer:
        return self._answer(refund)

    def outcome(self, idempotency_key: str) -> Answer | None:
        return None

    def transactions(self) -> Iterator[Transaction]:
        return iter(())


class Scripted(Fake):
    """Gives (or raises) one answer of a list after the other, and the last one for ever.

    Attributes:
        asked: every request, in the order it came.
    """

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.asked: list[Request] = []

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self.asked.append(request)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Watched(Fake):
    """Approves after doing something, and counts which calls were under way at the same time.

    Attributes:
        most: the most calls that were under way at once.
        calls: how often each idempotency key was asked.
        doubled: keys that were asked while they were being asked.
    """

    def __init__(self, meanwhile: Callable[[Request], object]) -> None:
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self.most = 0
        self.calls: Counter[str] = Counter()
        self.doubled: set[str] = set()

    def _answer(self, request: Request) -> Answer:
        key = request.idempotency_key
        with self._lock:
            self.calls[key] += 1
            self._under_way[key] += 1
            self.most = max(self.most, self._under_way.total())
            if self._under_way[key] > 1:
                self.doubled.add(key)
        try:
            self._meanwhile(request)
            return YES
        finally:
            with self._lock:
                self._under_way[key] -= 1


class Observed(Fake):
    """A simulator, asked through this.

    Attributes:
        asked: the key of every request, in the order it came.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.asked: list[str] = []

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request.idempotency_key)
        return ask(self._simulator, request)
