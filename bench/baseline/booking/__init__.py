"""Booking: takes reservations, and confirms those that are paid."""
