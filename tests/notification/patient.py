"""Notification's settings for runners that may be kept from running for some seconds: whoever takes
over from them then may send again what they have sent, which other tests are about."""

from config.settings.notification import *  # noqa: F403
from config.settings.notification import OUTBOX

OUTBOX = {**OUTBOX, "LEASE_SECONDS": 10.0}
