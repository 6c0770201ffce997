"""`manage.py load_schedule`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from booking.models import Cabin
from booking.schedules import BadSchedule, legs, load_schedule


class Command(BaseCommand):
    """A thin door to `booking.schedules`."""

    help = "Add a schedule, CSV or IATA SSIM chapter 7, all or nothing; see docs/schedules.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and prices for what has none."""
        parser.add_argument("file", type=Path, help="a file; SSIM begins with a digit, else CSV")
        parser.add_argument(
            "--price",
            action="append",
            default=[],
            metavar="CABIN=AMOUNT",
            help="list price, in minor units, of new flights that the file has none for",
        )
        parser.add_argument("--currency", default="", help="the currency of --price, such as EUR")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load all of it, or say of every bad line what is wrong."""
        prices, currency = _prices(options["price"]), _currency(options["currency"])
        if bool(prices) != bool(currency):
            raise CommandError("--price and --currency go together")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        try:
            loaded = load_schedule(content=content, prices=prices, currency=currency)
        except BadSchedule as bad:
            for line in bad.lines:
                self.stderr.write(str(line))
            raise CommandError(f"{bad}; nothing has been loaded") from bad
        self.stdout.write(
            f"{loaded.flights} flights and {loaded.periods} periods are new, "
            f"{loaded.unchanged} periods were there"
        )


def _prices(options: list[str]) -> dict[str, int]:
    prices = {}
    for option in options:
        cabin, _, amount = option.partition("=")
        if cabin not in Cabin.values:
            raise CommandError(f"--price {option}: the cabins are {', '.join(Cabin.values)}")
        try:
            prices[cabin] = legs.amount(amount)
        except ValueError as error:
            raise CommandError(f"--price {option}: {error}") from error
    return prices


def _currency(option: str) -> str | None:
    try:
        return legs.currency(option) if option else None
    except ValueError as error:
        raise CommandError(f"--currency {option}: {error}") from error
