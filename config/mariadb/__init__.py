"""Django's backend for MariaDB, with fewer round trips: a backend's module `base` is what counts."""
