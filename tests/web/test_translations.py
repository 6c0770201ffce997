"""Every text of the pages is in the Swedish catalog, and the compiled one is as the text is."""

import ast
import re
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from tests.web.api import Api
from tests.web.conftest import Visitor
from tests.web.test_searching import SEARCH

APP: Final = Path(__file__).resolve().parent.parent.parent / "web"
CATALOG: Final = APP / "locale" / "sv" / "LC_MESSAGES" / "django"
TEXT: Final = r"(u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))"
CALL: Final = re.compile(rf"\b(?:n?gettext|_)\({TEXT}(?:, ?{TEXT})?")
NAMES: Final = {"_": None, "gettext": None, "gettext_lazy": None}

# A text, or its singular and its plural.
Text = str | tuple[str, ...]


def of_templates() -> set[Text]:
    """What the templates have translated."""
    found: set[Text] = set()
    for file in (APP / "templates").rglob("*.html"):
        code = templatize(file.read_text())
        for one, more in CALL.findall(code):
            texts = tuple(
                str(ast.literal_eval(text.removeprefix("u"))) for text in (one, more) if text
            )
            found.add(texts if len(texts) > 1 else texts[0])
    return found


def of_code() -> set[Text]:
    """What the code has translated."""
    return {
        str(text)
        for file in APP.rglob("*.py")
        for _line, _name, text, _comments in extract_python(
            BytesIO(file.read_bytes()), NAMES, [], {}
        )
        if text
    }


def strings(catalog: Catalog) -> dict[Text, Text]:
    """What is translated as what; the header has the moment of its making."""
    return {_plain(entry.id): _plain(entry.string) for entry in catalog if entry.id}


def _plain(text: object) -> Text:
    return tuple(map(str, text)) if isinstance(text, list | tuple) else str(text)


def test_every_text_is_translated_and_nothing_else_is_in_the_catalog() -> None:
    with CATALOG.with_suffix(".po").open("rb") as file:
        translated = {one for one, other in strings(read_po(file)).items() if all(other)}
    texts = of_templates() | of_code()
    assert len(texts) > 150
    assert translated == texts


def test_the_compiled_catalog_is_what_the_text_says() -> None:
    with CATALOG.with_suffix(".po").open("rb") as file:
        text = strings(read_po(file))
    with CATALOG.with_suffix(".mo").open("rb") as file:
        assert strings(read_mo(file)) == text, "pybabel compile -d web/locale -D django"


def test_pages_are_in_the_language_of_who_looks_at_them(api: Api, visitor: Visitor) -> None:
    page = visitor.get(SEARCH, **{"Accept-Language": "sv"})
    assert '<html lang="sv">' in page
    assert "9 platser kvar" in visitor.text()
    assert "75,00 €" in visitor.text().replace("\xa0", " ")
