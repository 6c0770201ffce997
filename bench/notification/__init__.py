"""How many webhooks one `run_deliveries` gets through, and how soon a mail follows its event."""
