"""How long a reservation takes from POST to CONFIRMED, and where the time goes: `make bench-saga`.

The whole system runs as `make up` starts it; reservations are posted to the gateway at a steady
rate, each at a moment fixed beforehand, from which its time is counted. One machine is one clock,
the host's, so that moments of different processes can be compared:

| moment | taken from | resolution |
|---|---|---|
| due, POST answered | the clients | as they get it |
| request written | booking's outbox row: the clock just before its INSERT | 1 µs |
| request published | a consumer of this benchmark that reads what payment's reads | as it gets it |
| recorded by payment | the operation's `requested_at`: the clock just before its INSERT | 1 µs |
| processor answered | the entry in the simulated processor's own books | 1 µs |
| answer written | payment's outbox row: the clock just before its INSERT | 1 µs |
| answer published | the same consumer | as it gets it |
| applied by booking | the timeline's `confirmed`: the clock just before its INSERT | 1 µs |
| CONFIRMED | a reader of booking's database that looks every 0.6 ms | 0.6 ms, never early |
| captured | the capture's `completed_at` | 1 µs |
| ticketed | the timeline's `ticketed` | 1 µs |

CONFIRMED is thus the moment from which anybody who asks is told so. What booking wrote is a little
earlier, since its transaction was not committed then; that booking's relay has published
`ReservationConfirmed` is a little later. Both are in the table. A client that asks the gateway over
and over, for a few reservations, must have been told PENDING before the moment and CONFIRMED after
it, or the benchmark refuses. An event's `published_at` in the outbox is of no use here: the relay
marks what it has published a while later, many at once.
"""
