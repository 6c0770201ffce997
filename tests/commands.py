"""Management commands, as a person sees them end."""

from io import StringIO

from django.core.management import CommandError, call_command


def said(command: str, *arguments: object) -> tuple[str, str]:
    """What a command says, and what it says is wrong, with the line that it ends with."""
    output, errors = StringIO(), StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=output, stderr=errors)
    except CommandError as error:
        errors.write(str(error))
    return output.getvalue(), errors.getvalue()
