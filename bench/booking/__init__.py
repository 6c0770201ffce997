"""How fast the booking service is: `make bench-booking`."""
