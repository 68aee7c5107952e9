"""The browser in which the pages are tried."""

import pytest

from tests.needs import needs
from tests.play.browsing import until


@pytest.fixture
def open_page():
    from playwright.sync_api import sync_playwright

    browser_path = needs("chromium", "google-chrome")
    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])

        def open_page(link, **options):
            page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}, **options})
            page.on(
                "console",
                lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(link)
            until(page, "document.querySelector('#drawing svg') !== null")
            return page

        yield open_page
        browser.close()
    assert complaints == []
