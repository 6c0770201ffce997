"""The library's settings: the dictionary `OUTBOX` of the Django settings."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a service configures, and what everything else defaults to.

    Args:
        source: the service's name: CloudEvents `source` and the mark's source at its consumers.
        events: dotted path of the mapping from event type to payload class.
        bootstrap_servers: Kafka's addresses, comma-separated.
        partitions: partitions of the topics that `create_topics` makes.
        replication: replication factor of those topics.
        relay_batch: rows the relay reads at a time.
        mark_after_seconds: how long a published row may wait to be marked together with others; a
            relay that is killed meanwhile has them sent again.
        consumer_batch: messages a consumer applies in one transaction, at most.
        lease_seconds: how long a silent worker keeps its shards.
        consumers: the consumers by name: their topics, the dotted path of their handlers, and, for
            one that nobody waits for, `gather_ms`: how long the broker may gather messages before
            it sends them.
        group_protocol: Kafka's group protocol, "classic" or "consumer".
        group_instance_id: a consumer's static membership; each process needs its own.
        retention_days: how long published events stay readable.
        nudge_listen: the address at which workers hear nudges; "0.0.0.0" where other hosts send
            them, "" to do without.
        max_payload_bytes: the largest payload that may be appended.
    """

    source: str
    events: str
    bootstrap_servers: str
    partitions: int = 12
    replication: int = 1
    relay_batch: int = 2000
    mark_after_seconds: float = 0.1
    consumer_batch: int = 200
    lease_seconds: float = 2.0
    consumers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    group_protocol: str = "classic"
    group_instance_id: str = ""
    retention_days: int = 7
    nudge_listen: str = "127.0.0.1"
    max_payload_bytes: int = 900 * 1024

    @property
    def message_timeout_ms(self) -> int:
        """How long librdkafka may hold a message: shorter than the lease, so that nothing is sent
        for a shard that has long been somebody else's."""
        return int(self.lease_seconds * 600)


_parsed: tuple[Any, Options] | None = None


def options() -> Options:
    """The options in force; cheap to call, and right under `override_settings`.

    Raises:
        ImproperlyConfigured: an option is missing or unknown; it says which.
    """
    global _parsed
    configured = getattr(settings, "OUTBOX", {})
    if _parsed is None or _parsed[0] is not configured:
        _parsed = (configured, _parse(configured))
    return _parsed[1]


def _parse(configured: Mapping[str, Any]) -> Options:
    known = {option.name.upper(): option for option in fields(Options)}
    if unknown := [name for name in configured if name not in known]:
        raise ImproperlyConfigured(f"OUTBOX has no option {', '.join(unknown)}")
    required = [name for name, option in known.items() if _is_required(option)]
    if missing := [name for name in required if name not in configured]:
        raise ImproperlyConfigured(f"OUTBOX lacks {', '.join(missing)}")
    return Options(**{name.lower(): value for name, value in configured.items()})


def _is_required(option: Field[Any]) -> bool:
    return option.default is MISSING and option.default_factory is MISSING
