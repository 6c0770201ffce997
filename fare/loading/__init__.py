"""Fares from files: read, checked as a whole, loaded all or nothing."""

from fare.loading.lines import BadLine
from fare.loading.loading import BadFares, Loaded, load_fares

__all__ = ["BadFares", "BadLine", "Loaded", "load_fares"]
