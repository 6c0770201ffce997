"""Gunicorn's configuration, the same for every service.

The settings are read here once before any worker starts, so that a missing one stops the process
with one line instead of a worker that keeps dying.
"""

import gc
import os
import sys
from importlib import import_module
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

PORTS: Final = {
    "gateway": 3000,
    "web": 3001,
    "booking": 4001,
    "payment": 4002,
    "fare": 4003,
    "notification": 4004,
}


def _service() -> str:
    from config.environment import choose_settings

    return choose_settings(os.environ).rpartition(".")[2]


def _number(name: str, default: int) -> int:
    from config.environment import read_environment

    return read_environment().number(name, default=default, least=1, most=256)


try:
    service = _service()
    from django.conf import settings

    settings.SECRET_KEY  # noqa: B018 (reading one setting loads them all)
    workers = _number("WEB_CONCURRENCY", 2)
    threads = _number("WEB_THREADS", 16 if service == "gateway" else 4)
except ImproperlyConfigured as error:
    sys.exit(f"gunicorn: {error}")

bind = f"0.0.0.0:{PORTS.get(service, 8000)}"
worker_class = "config.workers.FairWorker"
# A worker that does not even tell its master that it lives is replaced. It bounds no request:
# CLIENT_SECONDS does.
timeout = 30
graceful_timeout = 10
keepalive = 75
# Its default place is one file in the user's home, which the services would take from each other.
control_socket_disable = True
errorlog = "-"
accesslog = None


def post_worker_init(worker: Any) -> None:
    """Keep what is loaded out of the garbage collector's way: it stays for good, and to look
    through all of it held a worker up for 70 ms every few thousand requests."""
    import_module(settings.ROOT_URLCONF)  # or the first request would load the views
    gc.collect()
    gc.freeze()
