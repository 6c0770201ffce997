"""Payment: authorizes every reservation's card."""
