"""Booking's own settings: its database has the seats that are asked for."""

from config.settings.booking import *
