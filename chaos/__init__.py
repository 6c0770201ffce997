"""`make chaos`: the whole system under load and under faults, and the checker of what is left."""
