"""Schedules from files: read, checked as a whole, loaded all or nothing."""

from booking.schedules.legs import BadLine
from booking.schedules.loading import BadSchedule, Loaded, load_schedule

__all__ = ["BadLine", "BadSchedule", "Loaded", "load_schedule"]
