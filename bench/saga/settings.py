"""Booking's own settings, and payment's database to look into."""

from config.settings.booking import *
from config.settings.booking import DATABASES
from config.settings.service import databases

DATABASES = {**DATABASES, "payment": databases("payment")["default"]}
