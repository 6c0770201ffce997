"""Payment: what booking asks of the customer's card, done once and recorded."""
