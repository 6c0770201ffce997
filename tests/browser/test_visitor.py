"""The look at a page notices what it is for."""

import pytest
from playwright.sync_api import Browser

from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow

SOUND = '<!doctype html><html lang="en"><title>A page</title><main><h1>A page</h1>{}</main></html>'


@pytest.fixture
def visitor(chromium: Browser) -> Visitor:
    return Visitor(chromium.new_page())


def test_a_sound_page_is_sound(visitor: Visitor) -> None:
    visitor.page.set_content(SOUND.format("<p>Text</p>"))
    visitor.assert_sound()


@pytest.mark.parametrize(
    ("flaw", "told"),
    [
        ("<input>", "label"),
        ('<p style="color: #999">Text</p>', "color-contrast"),
        (
            "<style>@media (prefers-color-scheme: dark) { p { color: #999; background: #fff } }"
            "</style><p>Text</p>",
            "(?s)dark.*color-contrast",
        ),
        ('<p style="width: 9999px">Text</p>', "too wide"),
        ("<script>console.error('broken')</script>", "broken"),
        ("<script>throw new Error('thrown')</script>", "thrown"),
        (
            '<meta http-equiv="Content-Security-Policy" content="img-src \'none\'">'
            '<img alt="" src="data:image/png;base64,AAAA">',
            "Content Security Policy",
        ),
    ],
)
def test_a_flaw_is_told(visitor: Visitor, flaw: str, told: str) -> None:
    visitor.page.set_content(SOUND.format(flaw))
    with pytest.raises(AssertionError, match=told):
        visitor.assert_sound()
