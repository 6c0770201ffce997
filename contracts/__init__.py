"""The published language: what the services say to each other, and nothing else they share.

Only the standard library and msgspec are imported here, so that any program can read the contracts
without a service.
"""
