"""Somebody before a browser."""

from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Page

# WCAG 2.2 at level AA, which has that of the versions before it.
RULES: Final = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}


# Links of the admin change their colors slowly, and are legible when they have.
AT_REST: Final = """
    new Promise(requestAnimationFrame)
        .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
        .then(() => null)
"""

Scheme = Literal["light", "dark"]


class Visitor:
    """A person with a browser window.

    Args:
        page: the window.
        scheme: the colors that the person prefers.
        script: whether pages may run scripts; axe is one.
    """

    def __init__(self, page: Page, *, scheme: Scheme = "light", script: bool = True) -> None:
        self.page = page
        self._scheme = scheme
        self._script = script
        self.complaints: list[str] = []
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)

    def assert_sound(self) -> None:
        """The page as it is now passes axe in light and in dark, is no wider than the window, and
        the browser has had nothing to complain of: no script failed, nothing was refused by the
        policy. Without scripts only the last can be told."""
        assert not self.complaints, "; ".join(self.complaints)
        if not self._script:
            return
        overflow = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{self.page.url} is {overflow} px too wide"
        schemes: list[Scheme] = ["dark", "light"] if self._scheme == "light" else ["light", "dark"]
        for scheme in schemes:  # the person's own last, to go on with
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(AT_REST)
            found = Axe().run(self.page, options=RULES)
            told = f"{self.page.url}, {scheme}\n{found.generate_report()}"
            assert found.violations_count == 0, told

    def _note_message(self, message: ConsoleMessage) -> None:
        # A page that answers 4xx with an explanation is an answer, and is logged as an error.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _note_error(self, error: Error) -> None:
        self.complaints.append(str(error))
