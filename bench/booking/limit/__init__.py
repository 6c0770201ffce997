"""What limits the booking service: its own statements, from a view that does nothing else."""
