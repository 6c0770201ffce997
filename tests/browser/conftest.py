"""A browser before the running system, which is started once for all tests here.

The browser is the distribution's Chromium: Playwright brings its driver and no browser.
"""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect, sync_playwright

from tests.browser.visitor import Scheme, Visitor
from tests.e2e.conftest import inventory, mail_server, stack, system
from tests.e2e.system import System

__all__ = ["inventory", "mail_server", "stack", "system"]

SIZES = {
    "desktop": ViewportSize(width=1280, height=900),
    "phone": ViewportSize(width=390, height=844),
}
# A machine that is busy with something else answers late, and is not wrong.
PATIENCE_MS = 30_000

Open = Callable[..., Visitor]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    # Chromium has no sandbox for root, which is who CI is in a container.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, system: System) -> Iterator[Open]:
    """Opens a browser window of its own, as somebody else's: `visit("phone")`."""
    contexts: list[BrowserContext] = []

    def opened(size: str = "desktop", *, scheme: Scheme = "light", script: bool = True) -> Visitor:
        context = chromium.new_context(
            base_url=system.gateway,
            viewport=SIZES[size],
            has_touch=size == "phone",
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=script,
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Visitor(context.new_page(), scheme=scheme, script=script)

    yield opened
    for context in contexts:
        context.close()
