"""Booking in Django's admin."""

from booking.admin import inventory, network, reservations

__all__ = ["inventory", "network", "reservations"]
