"""The AsyncAPI 3.0 document: topics, messages, and which service sends and receives them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from contracts.base import Event
from contracts.documents.schemas import components, service_of
from contracts.registry import EVENTS

Json = dict[str, Any]

# Of the Kafka bindings: https://github.com/asyncapi/bindings/tree/master/kafka
BINDINGS: Final = "0.5.0"
CONTENT_TYPE: Final = "application/json"
SCHEMAS: Final = "#/components/schemas/"
HEADERS: Final = "CloudEventHeaders"

INTRODUCTION: Final = """\
Events of the airline reservation system: CloudEvents 1.0 in Kafka's binary mode. The payload is \
the message's value, the attributes are its headers, the key is the reservation's id.

Events of one key are in the order of `ce_sequence`. A message may come more than once, with the \
same `ce_id`. Consumers ignore fields they do not know and events they do not handle. An event \
that an operator gave up comes as `outbox.Discarded`, with its sequence and an empty object.\
"""


def document() -> Json:
    """The whole document."""
    topics = sorted({event.topic for event in EVENTS.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Airline reservations",
            "version": "v1",
            "description": INTRODUCTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "kafka.example.test:9092",
                "protocol": "kafka",
                "description": "The brokers that KAFKA_BOOTSTRAP_SERVERS names.",
            }
        },
        "channels": {topic: _channel(topic) for topic in topics},
        "operations": dict(sorted(_operations())),
        "components": {
            "messages": {event.type: _message(event) for event in EVENTS.values()},
            "schemas": {HEADERS: _headers(), **components(SCHEMAS + "{name}")},
        },
    }


def _channel(topic: str) -> Json:
    return {
        "address": topic,
        "description": f"What {topic.partition('.')[0]} publishes.",
        "messages": {
            event.__name__: {"$ref": f"#/components/messages/{event.type}"}
            for event in EVENTS.values()
            if event.topic == topic
        },
        "bindings": {"kafka": {"topic": topic, "bindingVersion": BINDINGS}},
    }


def _message(event: type[Event]) -> Json:
    description: str = components("{name}")[event.__name__]["description"]
    own = {
        "ce_type": {"const": event.type},
        "ce_source": {"const": f"/{service_of(event)}"},
    }
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": description.partition("\n\n")[0].replace("\n", " "),
        "contentType": CONTENT_TYPE,
        "headers": {"allOf": [{"$ref": SCHEMAS + HEADERS}, {"properties": own}]},
        "payload": {"$ref": SCHEMAS + event.__name__},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "format": "uuid",
                    "description": "The reservation's id",
                },
                "bindingVersion": BINDINGS,
            }
        },
    }


def _headers() -> Json:
    properties = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "The event's own: a repeated message has the same",
        },
        "ce_source": {"type": "string", "description": "The publishing service"},
        "ce_type": {"type": "string", "description": "<service>.<Event>.v1"},
        "ce_subject": {
            "type": "string",
            "format": "uuid",
            "description": "The reservation's id, as in the key",
        },
        "ce_time": {
            "type": "string",
            "format": "date-time",
            "description": "When it was recorded",
        },
        "ce_sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": "1, 2, 3 …: the source's events about this subject",
        },
        "content-type": {"const": CONTENT_TYPE},
    }
    optional = {
        "traceparent": {"type": "string", "description": "W3C Trace Context, of what caused it"}
    }
    return {
        "title": HEADERS,
        "description": "CloudEvents attributes as Kafka headers, in UTF-8.",
        "type": "object",
        "properties": {**properties, **optional},
        "required": list(properties),
    }


def _operations() -> Iterator[tuple[str, Json]]:
    """One for each service and topic that it publishes, and for each that it handles."""
    for service, topic in sorted({(service_of(e), e.topic) for e in EVENTS.values()}):
        sent = [event for event in EVENTS.values() if event.topic == topic]
        yield f"{service}.send", _operation("send", topic, sent)
    for service, topic in sorted({(s, e.topic) for e in EVENTS.values() for s in e.handled_by}):
        handled = [e for e in EVENTS.values() if e.topic == topic and service in e.handled_by]
        yield f"{service}.receive.{topic}", _operation("receive", topic, handled)


def _operation(action: str, topic: str, events: Sequence[type[Event]]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{event.__name__}"} for event in events],
    }
