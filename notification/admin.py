"""Deliveries, endpoints and contacts in Django's admin."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm, MultipleChoiceField
from django.http import HttpRequest
from django.utils import timezone

from notification import services
from notification.models import OPTIONAL, Attempt, Contact, Delivery, Endpoint, OptOut
from outbox.admin import ReadOnly
from outbox.columns import status_column


class EndpointForm(ModelForm):
    """A registration by hand: refused where the API would refuse it."""

    event_types = MultipleChoiceField(
        choices=[(event_type, event_type) for event_type in OPTIONAL],
        required=False,
        help_text="None means all.",
    )

    class Meta:
        model = Endpoint
        fields = ["url", "description", "event_types"]

    def clean_url(self) -> str:
        """An https URL of a public host, as far as that can be told by now."""
        url = str(self.cleaned_data["url"])
        try:
            services.refuse_unfit(url)
        except services.UnfitUrl as error:
            raise ValidationError(str(error)) from error
        return url


class Log(admin.TabularInline):
    """Every attempt."""

    model = Attempt
    fields = ["at", "duration_ms", "request", "answer_status", "answer", "error"]
    ordering = ["id"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False


class Operated(ReadOnly):
    """Rows that operators act upon, and do not edit."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this user may: Django's permission to change such rows."""
        return super(ReadOnly, self).has_change_permission(request)


Status = Delivery.Status
BAD: Final = (Status.HELD, Status.UNDELIVERABLE)


@admin.register(Delivery)
class DeliveryAdmin(Operated):
    """What was sent, what is on its way, and what waits for an operator."""

    list_display = [
        "id",
        status_column("status", good=[Status.SENT], waiting=[Status.PENDING], bad=BAD),
        "channel",
        "event_type",
        "recipient",
        "attempts",
        "next_attempt_at",
        "completed_at",
    ]
    list_filter = ["status", "channel", "event_type", "endpoint"]
    search_fields = ["=reservation_id", "=event_id", "=id"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [Log]
    actions = ["redeliver"]

    @admin.action(permissions=["operate"], description="Send these again, under their ids")
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Have deliveries sent again that are over or held."""
        done = 0
        for delivery in queryset:
            try:
                services.redeliver(delivery)
            except services.NotRedeliverable as error:
                self.message_user(request, f"{delivery}: {error}", messages.ERROR)
            else:
                done += 1
        self.message_user(request, f"{done} are sent again")


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin):
    """Where partners get webhooks."""

    list_display = [
        *("__str__", "customer_id", "url"),
        *("is_enabled", "disabled_reason", "failing_since"),
    ]
    list_filter = ["is_enabled"]
    ordering = ["-id"]
    form = EndpointForm
    fields = ["customer_id", "url", "description", "event_types"]
    search_fields = ["=customer_id"]
    actions = ["enable", "ping", "rotate", "end"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What ends an endpoint is the action, which takes its deliveries along."""
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Django's permission to delete such rows."""
        return super().has_delete_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is shown of an endpoint that is there: how it stands and its secrets, too."""
        if obj is None:
            return self.fields
        shown = ["is_enabled", "disabled_reason", "failing_since", "secret", "previous_secret"]
        return [*(self.fields or ()), *shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A registration stays as it was made; another one is another endpoint."""
        return self.get_fields(request, obj) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Endpoint, form: "ModelForm[Endpoint]", change: bool
    ) -> None:
        """Register it as the API does."""
        if not change:
            made = services.register(
                url=obj.url,
                customer_id=obj.customer_id,
                event_types=obj.event_types,
                description=obj.description,
                now=timezone.now(),
            )
            obj.pk = made.pk

    @admin.action(permissions=["change"], description="Enable: send to these again")
    def enable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send from the next event on."""
        for endpoint in queryset:
            services.enable(endpoint)
            self.message_user(request, f"{endpoint} gets webhooks again")

    @admin.action(permissions=["end"], description="End: forget these and what they were sent")
    def end(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send nothing more."""
        for endpoint in queryset:
            services.remove(endpoint)
            self.message_user(request, f"{endpoint} is gone")

    @admin.action(permissions=["change"], description="Ping: send a test message")
    def ping(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send a message that is about nothing."""
        for endpoint in queryset:
            made = services.ping(endpoint, now=timezone.now())
            self.message_user(request, f"{endpoint}: delivery {made.pk}")

    @admin.action(permissions=["change"], description="Rotate: sign with a new secret, too")
    def rotate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Give out a new secret; the one before holds until the next."""
        for endpoint in queryset:
            services.rotate_secret(endpoint)
            self.message_user(request, f"{endpoint} has a new secret; its page shows it")


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    """Whom to write to. Names and addresses are shown to who may see contacts."""

    list_display = ["reservation_id", "language", "received_at", "needed_until", "erased_at"]
    search_fields = ["=reservation_id", "=email"]
    ordering = ["-reservation_id"]


@admin.register(OptOut)
class OptOutAdmin(ReadOnly):
    """Who does not want everything, by digest."""

    list_display = ["digest", "event_types", "created_at"]
    ordering = ["-id"]
