"""A reservation: found, watched, paid for, changed, given up."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from web import words
from web.airline import Airline
from web.answers import Reservation
from web.choices import Choice
from web.forms import CancelationForm, CardForm, FindForm, SeatForm
from web.gateway import Refused
from web.managing import Return, Story, party_of, terms_of
from web.seat_maps import draw
from web.visitors import airline_of

NOT_FOUND = frozenset({"unknown-reservation", "malformed-locator"})


@require_safe
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """From what a passenger knows to the reservation."""
    form = FindForm(request.GET or None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            found = airline_of(request).find(asked["locator"].upper(), asked["surname"])
        except Refused as refused:
            if refused.status != 404 and refused.code not in NOT_FOUND:
                raise
            form.add_error("locator", _("No reservation of yours has this reference and surname."))
        else:
            return redirect("reservation", found.id)
    return render(request, "web/find.html", {"find": form})


@require_safe
@never_cache
def reservation(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """How it stands; while something is under way the page asks for itself again."""
    story = Story.of(airline_of(request), str(reservation_id), now=timezone.now())
    if request.headers.get("HX-Request") and request.GET.get("seen") == story.progress.mark:
        # Nothing is replaced: whoever reads or has something in focus is left alone.
        return HttpResponse(status=204)
    return _shown(request, story, CardForm())


@require_POST
def payment(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """Pay for what was only held."""
    airline, form = airline_of(request), CardForm(request.POST)
    if form.is_valid():
        token = form.cleaned_data["payment_token"]
        try:
            airline.pay(str(reservation_id), token, once=form.key())
        except Refused as refused:
            form = CardForm(initial={"payment_token": token})
            return _told(request, airline, reservation_id, form, words.told(refused))
        return redirect("reservation", reservation_id)
    return _told(request, airline, reservation_id, form, "")


def _told(
    request: HttpRequest, airline: Airline, reservation_id: UUID, form: CardForm, trouble: str
) -> HttpResponse:
    story = Story.of(airline, str(reservation_id), now=timezone.now())
    return _shown(request, story, form, trouble)


def _shown(request: HttpRequest, story: Story, card: CardForm, trouble: str = "") -> HttpResponse:
    shown = {"story": story, "progress": story.progress, "reservation": story.reservation}
    shown |= {"card": card, "trouble": trouble, "again": _address(story.again)}
    return render(request, "web/reservation.html", shown)


def _address(choice: Choice | None) -> str:
    """Where the same is bought once more."""
    if choice is None:
        return ""
    page = reverse("passengers", args=[choice.flight_number, choice.day])
    return f"{page}?{choice.query()}"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def seat(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """Another seat."""
    airline = airline_of(request)
    now = airline.reservation(str(reservation_id))
    form = SeatForm(request.POST or None, party=party_of(now), initial=_first(now))
    told: dict[str, Any] = {}
    if form.is_valid():
        asked = form.cleaned_data
        try:
            airline.take_seat(now.id, asked["passenger"], asked["seat"], version=asked["version"])
        except Refused as refused:
            told = {"trouble": words.told(refused), **_lost(refused)}
            now = airline.reservation(now.id)
            kept = {"passenger": asked["passenger"], "version": now.version}
            form = SeatForm(party=party_of(now), initial=kept)
        else:
            return redirect("reservation", reservation_id)
    seat_map = airline.seat_map(now.flight_number, now.departure_date)
    drawing = draw(seat_map, terms_of(now, seat_map))
    shown = {"reservation": now, "departure": seat_map, "drawing": drawing, "form": form}
    return render(request, "web/seat.html", {**shown, **told})


def _first(now: Reservation) -> dict[str, int]:
    return {"passenger": now.passengers[0].passenger_id, "version": now.version}


def _lost(refused: Refused) -> dict[str, Any]:
    """Which seat somebody else was quicker to take, and which are free beside it."""
    if refused.code != "seat-taken":
        return {}
    problem = refused.problem
    seats = ", ".join(problem.get("seats", []))
    told = _("Somebody else has just taken %(seats)s.") % {"seats": seats}
    return {"trouble": told, "nearest": problem.get("nearest_free", [])}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def cancelation(request: HttpRequest, reservation_id: UUID) -> HttpResponse:
    """What would come back, and giving it up for that."""
    airline, trouble = airline_of(request), ""
    form = CancelationForm(request.POST or None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            airline.cancel(
                str(reservation_id),
                quote_id=asked["quote_id"],
                version=asked["version"],
                once=form.key(),
            )
        except Refused as refused:
            trouble = words.told(refused)
        else:
            return redirect("reservation", reservation_id)
    return _quoted(request, airline, airline.reservation(str(reservation_id)), trouble)


def _quoted(request: HttpRequest, airline: Airline, now: Reservation, trouble: str) -> HttpResponse:
    """The page with what comes back as of now."""
    back = Return.of(airline, now)
    if back.refused:
        trouble = words.told(back.refused)
    quote_id = back.quote.quote_id if back.quote else ""
    form = CancelationForm(initial={"version": now.version, "quote_id": quote_id})
    departure = airline.departure(now.flight_number, now.departure_date)
    shown = {"reservation": now, "departure": departure, "form": form, "back": back}
    return render(request, "web/cancelation.html", {**shown, "trouble": trouble})
