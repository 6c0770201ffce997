"""What the way through the gateway costs: the same requests, in turn, to booking itself."""
