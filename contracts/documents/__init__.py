"""The published language as documents, generated from its Structs, and what they may become.

`python -m contracts.documents` writes `docs/events/`.
"""
