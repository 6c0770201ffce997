"""The shell around every service: settings, URLs, WSGI, health, problem documents."""
