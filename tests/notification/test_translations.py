"""Every text of the templates is in the Swedish catalog, and the compiled one is as the text is."""

import ast
import re
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

APP: Final = Path(__file__).resolve().parent.parent.parent / "notification"
CATALOG: Final = APP / "locale" / "sv" / "LC_MESSAGES" / "django"
CALL: Final = re.compile(r"gettext\((u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\)")


def texts() -> set[str]:
    """What the templates have translated."""
    return {
        str(ast.literal_eval(found.removeprefix("u")))
        for file in (APP / "templates").rglob("*.*")
        for found in CALL.findall(templatize(file.read_text()))
    }


def test_every_text_is_translated_and_nothing_else_is_in_the_catalog() -> None:
    with CATALOG.with_suffix(".po").open("rb") as file:
        translated = {str(entry.id) for entry in read_po(file) if entry.id and entry.string}
    assert len(texts()) > 20
    assert translated == texts()


def strings(catalog: Catalog) -> dict[str, str]:
    """What is translated as what; the header has the moment of its making."""
    return {str(entry.id): str(entry.string) for entry in catalog if entry.id}


def test_the_compiled_catalog_is_what_the_text_says() -> None:
    with CATALOG.with_suffix(".po").open("rb") as file:
        text = strings(read_po(file))
    with CATALOG.with_suffix(".mo").open("rb") as file:
        assert strings(read_mo(file)) == text, "pybabel compile -d notification/locale -D django"
