"""Notification's own settings, on a database for measuring; partners are on this machine."""

from config.settings.notification import *

WEBHOOK_PRIVATE_TARGETS = True
