"""Booking's own settings, and payment's database to look into."""

from bench.saga.settings import *
