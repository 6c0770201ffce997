"""Django's backend for MariaDB, with fewer round trips: `base` is where Django looks."""
