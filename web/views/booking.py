"""The way to a reservation: search, seats, passengers."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from web import places, words
from web.airline import Airline
from web.answers import Departure
from web.booking import BookingForms, names_of
from web.choices import Choice, choice_of
from web.forms import FindForm, SearchForm
from web.gateway import NoAnswer, NotSignedIn, Refused
from web.offers import Bill, on_sale
from web.seat_maps import Terms, draw
from web.visitors import airline_of

NEAREST = "nearest_free"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where everything begins: a search, or the locator of a reservation."""
    return _searching(request, SearchForm(initial=SearchForm.first()))


@require_safe
@never_cache
def departures(request: HttpRequest) -> HttpResponse:
    """A day's departures of a route, with their prices."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return _searching(request, form)
    asked = form.cleaned_data
    route = {"origin": asked["origin"], "destination": asked["destination"]}
    try:
        found = on_sale(airline_of(request), **route, day=asked["date"], party=form.party)
    except Refused as refused:
        form.add_error(_airport_of(form, refused), words.told(refused))
        return _searching(request, form)
    shown = {"form": form, "found": found, **route, "day": asked["date"], "party": form.party}
    return render(request, "web/departures.html", {**shown, **_days(request, asked["date"])})


@require_safe
@never_cache
def seats(request: HttpRequest, flight_number: int, day: date) -> HttpResponse:
    """The seats of a departure, to choose from; a chosen one shows in the price."""
    choice = choice_of(request.GET, flight_number, day)
    airline = airline_of(request)
    seat_map = airline.seat_map(flight_number, day)
    bill = Bill.of(airline, choice, seat_map)
    if bill.is_off_sale:
        return _no_longer(request, seat_map)
    conditions = bill.offer.price.conditions if bill.offer else None
    charges = conditions.seat_charges if conditions else {}
    terms = Terms(cabin=choice.cabin, charges=charges, chosen=frozenset(choice.seats))
    shown = {"choice": choice, "departure": seat_map, "drawing": draw(seat_map, terms)}
    return render(request, "web/seats.html", {**shown, "bill": bill})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def passengers(request: HttpRequest, flight_number: int, day: date) -> HttpResponse:
    """Who flies and what is paid with; then it is reserved."""
    choice = choice_of(request.GET, flight_number, day)
    airline = airline_of(request)
    if request.method == "POST":
        return _send(request, airline, choice)
    if len(choice.seats) > choice.party.size:
        return redirect(_address("seats", choice))
    forms = BookingForms.of(choice, initial=_names(airline, choice))
    return _asking(request, airline, choice, forms)


def _send(request: HttpRequest, airline: Airline, choice: Choice) -> HttpResponse:
    if swap := request.POST.get("swap"):
        lost, _comma, found = swap.partition(",")
        choice = choice.instead(lost, found)
        return _asking(request, airline, choice, _anew(request, choice))
    forms = BookingForms.of(choice, request.POST)
    if not forms.are_valid():
        return _asking(request, airline, choice, forms)
    try:
        made = forms.reserve(airline, choice, is_hold="hold" in request.POST)
    except Refused as refused:
        if refused.code == "request-in-flight":
            forms.troubles.append(words.told(refused))
            return _asking(request, airline, choice, forms)
        # Whatever is sent next is another request.
        anew = _anew(request, choice, words.told(refused))
        return _asking(request, airline, choice, anew, _lost(refused))
    except NotSignedIn:
        raise
    except NoAnswer:
        # The key stays: sent again, it is the same reservation, if there is one already.
        forms.troubles.append(_("No answer came. Send it again: it will not be booked twice."))
        return _asking(request, airline, choice, forms)
    return redirect("reservation", made.id)


def _anew(request: HttpRequest, choice: Choice, *troubles: str) -> BookingForms:
    """The forms as they were typed, for another request."""
    typed = {
        name: value for name, value in request.POST.items() if name not in ("once", "offer_id")
    }
    forms = BookingForms.of(choice, initial=typed)
    forms.troubles.extend(troubles)
    return forms


def _lost(refused: Refused) -> dict[str, Any]:
    """Which seats somebody else was quicker to take, and which are free beside them."""
    if refused.code != "seat-taken":
        return {}
    problem = refused.problem
    return {"lost": problem.get("seats", []), "nearest": problem.get(NEAREST, [])}


def _asking(
    request: HttpRequest,
    airline: Airline,
    choice: Choice,
    forms: BookingForms,
    lost: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page with the forms, and the price as of now."""
    try:
        departure = airline.departure(choice.flight_number, choice.day)
        bill = Bill.of(airline, choice, departure)
    except NotSignedIn:
        raise
    except NoAnswer:
        if request.method != "POST":
            raise
        # Nothing of what was typed is lost for want of a price.
        departure, bill = None, Bill()
    if bill.is_off_sale and departure:
        return _no_longer(request, departure)
    if bill.trouble and not lost:
        if request.method != "POST":
            return redirect(_address("seats", choice))
        forms.troubles.append(bill.trouble)
    forms.contact.initial["offer_id"] = bill.offer.offer_id if bill.offer else ""
    shown = {"choice": choice, "departure": departure, "bill": bill, "forms": forms}
    links = {"address": _address("passengers", choice), "seats": _address("seats", choice)}
    return render(request, "web/passengers.html", {**shown, **links, **(lost or {})})


def _names(airline: Airline, choice: Choice) -> dict[str, str]:
    """The names of the reservation that this one is to stand in for, if it can be had."""
    if not choice.again:
        return {}
    try:
        return names_of(airline.reservation(choice.again))
    except (NoAnswer, Refused):
        return {}


def _no_longer(request: HttpRequest, departure: Departure) -> HttpResponse:
    """What was chosen is not sold any more: back to what is."""
    return render(request, "web/off_sale.html", {"departure": departure}, status=409)


def _searching(request: HttpRequest, form: SearchForm) -> HttpResponse:
    shown = {"form": form, "find": FindForm(), "airports": places.named()}
    return render(request, "web/home.html", shown)


def _airport_of(form: SearchForm, refused: Refused) -> str | None:
    """The field that a refusal is about."""
    for name in ("origin", "destination"):
        if refused.code == "unknown-airport" and form.cleaned_data[name] in refused.detail:
            return name
    return None


def _days(request: HttpRequest, day: date) -> dict[str, str]:
    """The same search on the days before and after."""
    addresses = {}
    for name, other in (("earlier", day - timedelta(days=1)), ("later", day + timedelta(days=1))):
        query = request.GET.copy()
        query["date"] = str(other)
        addresses[name] = f"?{query.urlencode()}"
    return addresses


def _address(page: str, choice: Choice) -> str:
    """The page of a departure, with all that is chosen."""
    return f"{reverse(page, args=[choice.flight_number, choice.day])}?{choice.query()}"
