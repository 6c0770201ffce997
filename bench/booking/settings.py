"""Booking's own settings: what is measured is what is shipped."""

from config.settings.booking import *
