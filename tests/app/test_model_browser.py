"""The Model page in a real Chromium: a promotion shows by itself, and the card is downloaded."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from ml.registry import aliases
from ml.registry.versions import Version

from ..conftest import settings_of
from .conftest import start
from .test_browser import ready, serious


@pytest.fixture
def lake(sample_lake, tmp_path):
    return shutil.copytree(sample_lake, tmp_path / "lake")


@pytest.fixture
def page(browser, lake):
    process, address = start(lake)
    context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
    made = context.new_page()
    made.complaints = []
    made.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    made.goto(address + "/model")
    ready(made)
    yield made
    context.close()
    process.terminate()
    process.wait(timeout=10)


def test_a_promotion_without_a_run_shows_without_a_reload_and_the_card_is_that_of_the_new_version(page, lake, tmp_path):
    expect(page.locator("#model-versions h2")).to_have_text("Version 1 serves")
    expect(page.locator("#model-run")).to_have_attribute("href", re.compile(r"/#/experiments/\d+/runs/[0-9a-f]{32}$"))
    expect(page.locator("#model-drift h2")).to_contain_text("moved")
    assert serious(page) == []
    page.evaluate("() => { window.isTheSame = true; }")
    settings = settings_of(lake)
    tags = aliases.read(settings)[aliases.CHAMPION].tags
    aliases.write(settings, {aliases.CHAMPION: Version(2, tags), aliases.PREVIOUS: Version(1, tags)})

    expect(page.locator("#model-versions h2")).to_have_text("Version 2 serves")
    assert page.evaluate("window.isTheSame")
    with page.expect_download() as sent:
        page.get_by_role("link", name="Download its model card").click()
    sent.value.save_as(tmp_path / "card.md")
    assert sent.value.suggested_filename == "model-card-v2.md"
    assert (tmp_path / "card.md").read_text().startswith("# Purchase intent, version 2")
    assert page.complaints == []
