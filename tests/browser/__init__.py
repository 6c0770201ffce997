"""The system in a real browser."""
