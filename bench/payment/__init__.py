"""How many authorizations one `run_operations` gets through while the processor takes its time."""
