"""Booking: reservations, departures and their seats, and the saga that moves a reservation on."""
