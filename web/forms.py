"""What a visitor types, and what is told beside a field where it cannot be."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from web import places
from web.choices import KINDS, MOST_PASSENGERS, Party

# By the airline's rules: under two, and under twelve, on the day of departure.
INFANT_UNDER: Final = 2
CHILD_UNDER: Final = 12
LOCATOR: Final = re.compile(r"\A[A-HJ-NP-Za-hj-np-z2-9]{6}\Z")
# Control characters, and the ends of lines and paragraphs.
NOT_PRINTED: Final = frozenset({"Cc", "Zl", "Zp"})
# The simulated card company's cards: it answers by the token.
CARDS: Final = (
    ("tok_approve", _("Test card that is approved")),
    ("tok_decline", _("Test card that is declined")),
    ("tok_insufficient_funds", _("Test card without money")),
    ("tok_expired_card", _("Test card that has expired")),
    ("tok_late_approve", _("Test card that takes its time, and is approved")),
    ("tok_3ds_timeout", _("Test card that is never confirmed")),
    ("tok_capture_decline", _("Test card that is blocked before it is charged")),
)


class AirportField(forms.CharField):
    """An airport by its code, its city or both; gives its code."""

    def __init__(self, **options: Any) -> None:
        attributes = {"list": "airports", "autocomplete": "off", "spellcheck": "false"}
        widget = forms.TextInput(attrs=attributes)
        super().__init__(max_length=60, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """The code."""
        text = super().clean(value)
        code = places.code_of(text)
        if code is None:
            raise forms.ValidationError(
                _("There is no such airport here. Give a city or a code, such as London or LHR.")
            )
        return code


class DayField(forms.DateField):
    """A date, in the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        told = {"invalid": _("Give a date as year, month and day: 2027-01-31.")}
        # As a browser sends it; where it knows no calendar, as it is told above.
        options.setdefault("error_messages", told)
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **options)


class NameField(forms.CharField):
    """A name as in the passport: one line."""

    def __init__(self, *, autocomplete: str, **options: Any) -> None:
        attributes = {"autocomplete": autocomplete, "spellcheck": "false"}
        super().__init__(max_length=100, widget=forms.TextInput(attrs=attributes), **options)

    def clean(self, value: Any) -> str:
        """The name."""
        name: str = super().clean(value)
        if any(unicodedata.category(character) in NOT_PRINTED for character in name):
            raise forms.ValidationError(_("A name is one line of text."))
        return name


def _count(label: Any, least: int, first: int) -> forms.TypedChoiceField:
    choices = [(number, str(number)) for number in range(least, MOST_PASSENGERS + 1)]
    return forms.TypedChoiceField(
        choices=choices, coerce=int, label=label, initial=first, required=False, empty_value=None
    )


class SearchForm(forms.Form):
    """A route, a date, and who flies."""

    origin = AirportField(label=_("From"))
    destination = AirportField(label=_("To"))
    date = DayField(label=_("Date"))
    adults = _count(_("Adults"), 1, 1)
    children = _count(_("Children (2 to 11)"), 0, 0)
    infants = _count(_("Infants (under 2)"), 0, 0)

    def clean(self) -> dict[str, Any]:
        """All of it together."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("origin") and found["origin"] == found.get("destination"):
            self.add_error("destination", _("This is where you start."))
        if sum(found.get(kind) or 0 for kind in KINDS) > MOST_PASSENGERS:
            self.add_error("adults", _("At most nine can fly together on one reservation."))
        return found

    @property
    def party(self) -> Party:
        """Who flies."""
        counts = {kind: self.cleaned_data[kind] for kind in KINDS}
        return Party(**{kind: count for kind, count in counts.items() if count is not None})

    @staticmethod
    def first() -> dict[str, Any]:
        """What stands in it before anybody has typed."""
        tomorrow = timezone.now().date() + timedelta(days=1)
        return {"origin": "Stockholm (ARN)", "destination": "London (LHR)", "date": tomorrow}


class PassengerForm(forms.Form):
    """Somebody who flies.

    Args:
        kind: ADULT, CHILD or INFANT.
        day: of departure.
    """

    given_name = NameField(label=_("Given name"), autocomplete="given-name")
    surname = NameField(label=_("Surname"), autocomplete="family-name")
    date_of_birth = DayField(label=_("Date of birth"))

    def __init__(self, *args: Any, kind: str, day: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind, self.day = kind, day
        if kind == "ADULT":
            del self.fields["date_of_birth"]

    def clean_date_of_birth(self) -> date:
        """A date that makes them what they are sold as."""
        born: date = self.cleaned_data["date_of_birth"]
        if born > timezone.now().date():
            raise forms.ValidationError(_("This date is yet to come."))
        age = _age(born, self.day)
        if self.kind == "INFANT" and age >= INFANT_UNDER:
            raise forms.ValidationError(_("An infant is under two on the day of departure."))
        if self.kind == "CHILD" and not INFANT_UNDER <= age < CHILD_UNDER:
            raise forms.ValidationError(_("A child is two to eleven on the day of departure."))
        return born

    def traveler(self) -> dict[str, Any]:
        """As the API is told of them."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value is not None}


class OnceForm(forms.Form):
    """What is sent twice by mistake is done once: a form brings the key that says it is the same.
    It is made when the form is shown for the first time."""

    once = forms.CharField(
        max_length=64, widget=forms.HiddenInput, initial=lambda: uuid4().hex, required=False
    )

    def key(self) -> str:
        """The key; a new one, where somebody has taken it out."""
        return self.cleaned_data["once"] or uuid4().hex


class CardForm(OnceForm):
    """What is paid with."""

    payment_token = forms.ChoiceField(choices=CARDS, label=_("Card"))


class ContactForm(CardForm):
    """Whom to tell, what is paid with, and at which price."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The tickets are sent there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    offer_id = forms.CharField(max_length=10_000, widget=forms.HiddenInput)
    field_order = ("email", "payment_token", "once", "offer_id")


class FindForm(forms.Form):
    """What a passenger knows of a reservation."""

    locator = forms.CharField(
        label=_("Booking reference"),
        max_length=6,
        help_text=_("Six letters and digits, such as 2BMNWS."),
        validators=[
            RegexValidator(
                LOCATOR, _("A booking reference has six characters, and no I, O, 0 or 1.")
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    surname = NameField(label=_("Surname"), autocomplete="family-name")


class SeatForm(forms.Form):
    """Another seat for a passenger, of a reservation as it was seen."""

    passenger = forms.TypedChoiceField(coerce=int, label=_("Who changes seats"))
    seat = forms.RegexField(
        r"\A[1-9][0-9]?[A-HJK]\Z",
        error_messages={"required": _("Choose a seat."), "invalid": _("Choose a seat.")},
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, party: Mapping[int, str], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["passenger"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for mypy)
        field.choices = list(party.items())


class CancelationForm(OnceForm):
    """That a reservation is to be given up, as it was seen, for what was quoted."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    quote_id = forms.CharField(max_length=16_000, widget=forms.HiddenInput, required=False)


def _age(born: date, on: date) -> int:
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    return on.year - born.year - (not had_birthday)
