"""Many threads that decode the same payloads for the first time: `python -m …`, with the name of a
function to call before. Whoever is not prepared for it is ended by SIGSEGV."""

import sys
import threading

import msgspec
from django.conf import settings

from outbox import registry

CLASSES = 300
THREADS = 8


def _event(number: int) -> type[msgspec.Struct]:
    """An event with a Struct in it: looking that one up is when another thread has its turn."""
    part = msgspec.defstruct(f"Part{number}", [("number", int | None, None)])
    return msgspec.defstruct(
        f"Event{number}", [("part", part | None, None), ("last", int | None, None)]
    )


EVENTS = {f"shop.Event{number}.v1": _event(number) for number in range(CLASSES)}


def main() -> None:
    """Prepare, if that is what is asked, and decode."""
    sys.setswitchinterval(1e-6)
    of_shop = {"SOURCE": "shop", "EVENTS": f"{__name__}.EVENTS", "BOOTSTRAP_SERVERS": ""}
    settings.configure(OUTBOX=of_shop)
    for name in sys.argv[1:]:
        getattr(registry, name)()
    ready = threading.Barrier(THREADS)

    def decode() -> None:
        ready.wait()
        for event in EVENTS.values():
            msgspec.json.decode(b'{"last": 1}', type=event)

    threads = [threading.Thread(target=decode) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
