"""Booking in Django's admin."""

from booking.admin import inventory, network, reservations, sagas

__all__ = ["inventory", "network", "reservations", "sagas"]
