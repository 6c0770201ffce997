"""What an event's itinerary is read from."""


def described(path: str = "") -> tuple[str, str]:
    """The relations to read together with a departure, so that describing it costs no query of its
    own; `path` leads to the departure."""
    return f"{path}flight__origin", f"{path}flight__destination"
