"""How fast the outbox library is: `make bench-outbox`."""
