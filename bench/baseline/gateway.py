"""The gateway: passes everything on to booking."""

import urllib3
from django.conf import settings
from django.http import HttpRequest, HttpResponse

pool = urllib3.PoolManager(maxsize=32)


def forward(request: HttpRequest, path: str) -> HttpResponse:
    """Booking's answer."""
    answer = pool.request(
        request.method or "GET",
        f"{settings.BOOKING_URL}/{path}",
        body=request.body or None,
        headers={"Content-Type": "application/json"},
    )
    return HttpResponse(answer.data, status=answer.status, content_type="application/json")
