"""How gunicorn's workers share out what comes."""

import time
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HESITATION_SECONDS: Final = 0.00005  # for each connection: what the kernel takes to wake a process
LONGEST_HESITATION_SECONDS: Final = 0.002


class EvenWorker(ThreadWorker):  # type: ignore[misc]
    """Leaves a new connection to a worker that has fewer.

    All workers are woken when a connection comes, and on an idle service the same one is always
    the first: it had all thirty-two connections of the gateway, and the others nothing to do for as
    long as these were kept. Whoever has more waits longer before it accepts.
    """

    def accept(self, listener: Any) -> None:
        """Accept a connection, if it is still there."""
        if self.cfg.workers > 1:
            time.sleep(min(self.nr_conns * HESITATION_SECONDS, LONGEST_HESITATION_SECONDS))
        super().accept(listener)
