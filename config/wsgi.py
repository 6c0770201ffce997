"""The WSGI application of the service that `SERVICE` or `DJANGO_SETTINGS_MODULE` names."""

import os

from django.core.wsgi import get_wsgi_application

from config.environment import choose_settings

choose_settings(os.environ)

application = get_wsgi_application()
