"""Booking's own settings, and other databases to look into: payment's, and the baseline's two."""

from bench.baseline.databases import DATABASES as BASELINE
from bench.saga.settings import *
from bench.saga.settings import DATABASES

DATABASES = {**DATABASES, **BASELINE}
