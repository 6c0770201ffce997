"""The whole system under load: one run, one table, one page with plots."""
