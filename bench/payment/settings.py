"""Payment's own settings, on a database for measuring."""

from config.settings.payment import *
