"""What prices cost: `make bench-fare`.

The whole system runs as `make up` starts it, with 5,000 fares loaded besides the demonstration's.

- Pricing one itinerary is `POST /api/change-quotes` at fare itself, at 50/s: an itinerary is priced
  over HTTP and nobody else is asked. `POST /api/offers`, which asks booking, is beside it.
- The quoting step is what POST → CONFIRMED takes longer without an offer than with one, in turn, at
  2/s.
- Verifying an offer is booking's own function, in the benchmark's process.
"""
