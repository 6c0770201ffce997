"""How the system is started, stopped and tested on a machine without Docker."""
