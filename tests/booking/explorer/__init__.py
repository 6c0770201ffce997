"""Every interleaving of a small case: booking's real saga against a small model of payment.

`payments` is the model, `world` runs booking on a database, `explorer` goes through all that may
happen, and `mutants` are the saga's tables with one row changed.
"""
