"""Use cases; each owns its transaction. None of them sends anything."""

from notification.services.contacts import (
    choose_kinds,
    erase_contact,
    note_contact,
    opt_out,
    purge_chunk,
)
from notification.services.endpoints import (
    NotRedeliverable,
    TooManyEndpoints,
    UnfitUrl,
    enable,
    ping,
    redeliver,
    redeliver_since,
    refuse_unfit,
    register,
    remove,
    rotate_secret,
)
from notification.services.outcomes import record_outcomes
from notification.services.recording import record_event

__all__ = [
    "NotRedeliverable",
    "TooManyEndpoints",
    "UnfitUrl",
    "choose_kinds",
    "enable",
    "erase_contact",
    "note_contact",
    "opt_out",
    "ping",
    "purge_chunk",
    "record_event",
    "record_outcomes",
    "redeliver",
    "redeliver_since",
    "refuse_unfit",
    "register",
    "remove",
    "rotate_secret",
]
