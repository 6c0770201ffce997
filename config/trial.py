"""What only `TRIAL` allows."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest

LOGIN: Final = "admin"
PASSWORD: Final = "admin"  # noqa: S105 (printed on purpose: this backend exists under TRIAL only)


class TrialAdmin(ModelBackend):
    """Lets admin / admin into the admin, as a superuser without a stored password.

    The settings install this backend under `TRIAL` alone. Because nothing is stored, turning
    `TRIAL` off ends the login and every session opened with it.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The trial superuser, for exactly the printed login."""
        if (username, password) != (LOGIN, PASSWORD):
            return None
        user, created = User.objects.get_or_create(
            username=LOGIN, defaults={"is_staff": True, "is_superuser": True}
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user
