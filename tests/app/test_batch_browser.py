"""A stranger scores, in a real Chromium over a lake of their own."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from .conftest import start
from .test_browser import serious

ROWS = 100_000


@pytest.fixture(scope="module")
def lake(sample_lake, tmp_path_factory):
    return shutil.copytree(sample_lake, tmp_path_factory.mktemp("batch") / "lake")


@pytest.fixture(scope="module")
def address(lake):
    process, address = start(lake, LAKEHOUSE_ENV="test")
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def page(browser, address):
    context = browser.new_context(reduced_motion="reduce", accept_downloads=True)
    made = context.new_page()
    made.complaints, made.asked = [], []
    made.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.on("request", lambda request: made.asked.append(request.url))
    yield made
    context.close()


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "visits.csv"
    lines = (f"{n},{n % 7 + 1},{n % 3},1,{n % 24}\n" for n in range(ROWS))
    path.write_text("visit,num_views,num_adds,distinct_products,session_hour\n" + "".join(lines))
    return path


def send(page, path):
    page.locator("#batch-file").set_input_files(path)
    page.get_by_role("button", name="Upload and score").click()


def test_a_file_is_sent_scored_reloaded_in_the_middle_and_downloaded(page, address, visits, tmp_path):
    page.goto(address + "/batch")
    send(page, visits)
    expect(page).to_have_url(re.compile(r"job=[0-9a-f]{32}"))
    page.reload()
    expect(page.locator("#batch-head h2")).to_have_text(f"{ROWS:,} rows scored by model version 1")
    expect(page.locator("#site-jobs-number")).to_have_text("")
    assert serious(page) == []
    with page.expect_download() as parquet:
        page.get_by_role("link", name="Download Parquet").click()
    with page.expect_download() as csv:
        page.get_by_role("link", name="Download CSV").click()
    csv.value.save_as(tmp_path / "scored.csv")

    assert parquet.value.suggested_filename == "scored.parquet"
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == ROWS + 1
    page.locator("#batch-profit").get_by_text("Show as table").click()
    before = page.locator("#batch-profit h2").inner_text()
    page.get_by_label("Value of a purchase").fill("5")
    expect(page.locator("#batch-profit h2")).not_to_have_text(before)
    expect(page).to_have_url(re.compile(r"value=5\b"))
    assert page.complaints == []


def test_one_job_is_cancelled_from_the_drawer_while_another_ends_and_nothing_is_asked_afterwards(
    page, address, visits, tmp_path
):
    large = tmp_path / "large.csv"
    header, *lines = visits.read_text().splitlines(keepends=True)
    large.write_text(header + "".join(lines) * 20)
    page.goto(address + "/batch?range=all")
    send(page, large)
    expect(page).to_have_url(re.compile(r"job="))
    page.get_by_role("button", name="Score these visits").click()
    page.get_by_role("button", name=re.compile("^Jobs")).click()
    page.get_by_role("button", name="Cancel: Score large.csv").click()
    drawer = page.locator("#site-jobs")
    expect(drawer.locator(".job.cancelled")).to_contain_text("Score large.csv")
    expect(drawer.locator(".job.done")).to_contain_text("Score all visits")
    assert serious(page) == []
    page.wait_for_timeout(2_000)
    page.asked.clear()
    page.wait_for_timeout(5_000)
    assert [url for url in page.asked if "/jobs" in url] == []
    page.get_by_role("button", name="Try again: Score large.csv").focus()
    page.keyboard.press("Enter")
    expect(drawer.locator(".job.done")).to_have_count(2, timeout=60_000)
    page.get_by_role("button", name="Remove: Score large.csv").click()

    expect(drawer.locator(".job")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#site-jobs-open")).to_be_focused()
    assert page.complaints == []


WATCH_BUTTON = """
    window.buttons = new Set();
    new MutationObserver(() => {
        const button = document.getElementById("batch-visits");
        if (button) { window.buttons.add(button); }
    }).observe(document, { childList: true, subtree: true });
"""


def test_the_button_is_drawn_once_so_that_no_press_on_it_is_lost(page, address):
    page.add_init_script(WATCH_BUTTON)
    page.goto(address + "/batch?range=all")
    expect(page.locator("#batch-visits")).to_be_visible()
    expect(page.locator("#batch-nothing")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.buttons.size") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 375])
def test_the_result_of_a_segment_is_readable_and_as_wide_as_the_screen(page, address, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address + "/batch?range=all")
    page.get_by_role("button", name="Score these visits").click()
    expect(page.locator("#batch-calibration h2")).to_contain_text("were promised")
    expect(page.locator("#batch-flagged .ag-row").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    page.get_by_role("button", name=re.compile("^Jobs")).click()
    expect(page.locator("#site-jobs .job").first).to_be_visible()
    assert serious(page) == []
    assert page.complaints == []


def test_a_file_of_another_kind_fails_in_a_sentence_and_the_page_lives(page, address, tmp_path):
    (tmp_path / "shopping.csv").write_text("bread;butter\n1;2\n")
    page.goto(address + "/batch")
    send(page, tmp_path / "shopping.csv")

    expect(page.locator("#batch-job .bad")).to_have_text(
        "shopping.csv is separated by semicolons, not commas. Export it with commas."
    )
    page.get_by_role("button", name="Score these visits").click()
    expect(page.locator("#batch-head h2")).to_contain_text("rows scored")
    assert page.complaints == []
