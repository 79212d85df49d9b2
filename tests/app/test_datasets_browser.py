"""A stranger brings files in a real Chromium: an empty lake, two files, a build, a look at the pages, and away with it."""

import pytest
from playwright.sync_api import expect

from .conftest import start
from .test_browser import serious
from .test_datasets import EVENTS, HEADER


@pytest.fixture(scope="module")
def own_site(tmp_path_factory):
    """The address of a site of one's own, over an empty lake."""
    process, address = start(tmp_path_factory.mktemp("brought") / "lake")
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 375, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "other.csv").write_text(EVENTS.replace(HEADER, "a,b,c,d,e"))
    (tmp_path / "tree.csv").write_text("categoryid,parentid\n1,\n")
    return [tmp_path / "other.csv", tmp_path / "tree.csv"]


def test_files_are_dropped_mapped_built_opened_and_removed(own_site, page, files):
    page.goto(f"{own_site}/data")
    page.set_input_files("#data-files", files)
    mine = page.locator("#data-sets")
    expect(mine.locator(".file")).to_have_count(2)
    build = mine.get_by_role("button", name="Build")
    expect(build).to_be_disabled()
    expect(mine).to_contain_text("Say first what other.csv holds")

    mine.get_by_label("This file holds").first.select_option("events")
    for ours, theirs in zip(HEADER.split(","), "abcde", strict=True):
        mine.get_by_label(ours, exact=True).first.select_option(theirs)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    mine.get_by_role("button", name="Use these columns").first.click()
    expect(mine).to_contain_text("a as timestamp")
    page.reload()
    build.click()
    expect(mine.get_by_text("Building").or_(mine.get_by_role("progressbar"))).to_be_visible()
    page.reload()
    opened = mine.get_by_role("link", name="Open")
    expect(opened).to_be_visible(timeout=120_000)
    expect(mine).to_contain_text("61 events · no model to score it by")

    opened.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator("#overview-trend")).to_contain_text("visits")
    page.goto(f"{own_site}/data?{page.url.partition('?')[2]}")
    expect(page.locator("#data-shown")).to_contain_text("one of yours")
    expect(page.locator("#data-shown")).to_contain_text("61")
    page.on("dialog", lambda dialog: dialog.accept())
    mine.get_by_role("button", name="Remove").click()
    expect(mine).to_contain_text("None yet.")


def test_a_file_that_cannot_be_read_says_so_where_it_was_dropped(own_site, page, tmp_path):
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04" + b"\0" * 60)
    page.goto(f"{own_site}/data")
    page.set_input_files("#data-files", [tmp_path / "book.csv"])
    expect(page.get_by_role("alert")).to_contain_text("book.csv is a zip archive")
    assert serious(page) == []
