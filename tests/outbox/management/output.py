"""Commands, run in this process."""

from io import StringIO

from django.core.management import call_command


def output_of(name: str, *arguments: str) -> str:
    """What a command writes to stdout."""
    stdout = StringIO()
    call_command(name, *arguments, stdout=stdout)
    return stdout.getvalue()
