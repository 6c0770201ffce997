"""The admin and the browsable API, over HTTP, as a browser would use them."""

from tests.e2e.client import Browser
from tests.e2e.system import System


def signed_in(service: str) -> Browser:
    browser = Browser()
    login = f"{service}/admin/login/?next=/admin/"
    page = browser.page(login)
    answer = browser.post_form(login, page, username="admin", password="admin")
    assert answer.status == 200
    assert "Log out" in answer.text
    return browser


def test_an_operator_finds_the_reservation_and_its_outbox_rows_in_the_admin(
    system: System,
) -> None:
    reservation_id = system.reserve()
    locator = system.wait_for(reservation_id, "CONFIRMED")["record_locator"]
    browser = signed_in(system.booking)
    assert locator in browser.page(f"{system.booking}/admin/booking/reservation/").text
    outbox = browser.page(f"{system.booking}/admin/outbox/outboxevent/?q={reservation_id}").text
    assert "booking.PaymentAuthorizeRequested.v1" in outbox
    assert "booking.ReservationConfirmed.v1" in outbox
    change = browser.page(f"{system.booking}/admin/booking/reservation/{reservation_id}/change/")
    assert "card authorized" in change.text


def test_an_operator_finds_the_payment_in_payments_admin(system: System) -> None:
    reservation_id = system.reserve()
    system.wait_for(reservation_id, "CONFIRMED")
    browser = signed_in(system.payment)
    page = browser.page(f"{system.payment}/admin/payment/payment/{reservation_id}/change/")
    assert "SUCCEEDED" in page.text


def test_admin_and_browsable_api_have_their_styles(system: System) -> None:
    for path in ("admin/css/base.css", "airline/admin.css", "rest_framework/css/bootstrap.min.css"):
        answer = Browser().get(f"{system.booking}/static/{path}", accept="*/*")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/css")


def test_a_reservation_is_made_with_the_form_of_the_browsable_api(system: System) -> None:
    url = f"{system.booking}/api/reservations"
    for browser in (Browser(), signed_in(system.booking)):
        page = browser.page(url)
        assert 'name="flight_number"' in page.text
        answer = browser.post_form(
            url, page, passenger_id="7", flight_number="1002", seat_number="3c", payment_token=""
        )
        assert answer.status == 201
        assert "PENDING" in answer.text
