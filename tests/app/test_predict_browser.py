"""The Predict page in a real Chromium: a visit is built, chosen, pasted, stepped through and changed, by keyboard too."""

import re

import pytest
from playwright.sync_api import expect

from lakehouse.lake import open_lake
from ml.serving.form import describe
from ml.serving.scorer import champion

from ..conftest import settings_of
from .test_browser import ready, serious

POINT = ["visitor_id", "started_at"]
START = 1_442_500_000_000


@pytest.fixture
def page(browser, site):
    """A tab of its own on the page, with what it complained of."""
    context = browser.new_context(reduced_motion="reduce")
    made = context.new_page()
    made.complaints = []
    made.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.goto(site + "/predict")
    ready(made)
    yield made
    context.close()


def steps_of(page):
    return page.get_by_role("list", name="Events so far").get_by_role("listitem")


def chance_of(page):
    return float(page.locator("#predict-visit-probability").inner_text().rstrip("%")) / 100


def test_the_prediction_equals_the_registered_models(page, sample_lake):
    model = champion(settings_of(sample_lake))
    row = {"num_views": 9, "num_adds": 2, "distinct_products": 3, "session_hour": 17}
    page.get_by_role("tab", name="Four numbers").click()
    page.locator("#predict-num_views").fill("9")
    page.locator("#predict-num_adds").fill("2")
    expect(page.locator("#predict-reasons")).to_contain_text("Views: 9")
    expect(page.locator("#predict-reasons")).to_contain_text("Items put into the cart: 2")

    shown = float(page.locator("#predict-probability").inner_text().rstrip("%")) / 100
    assert shown == pytest.approx(float(model.score([describe(model, **row)])[0]), abs=0.0006)
    page.locator("#predict-distinct_products").fill("12")
    expect(page.get_by_text("11 views and additions hold at most 11 different items")).to_be_visible()


def test_a_visit_is_built_event_by_event_and_outlasts_a_reload(page):
    page.get_by_label("Item", exact=True).fill("c")
    page.get_by_role("button", name="Add to the cart", exact=True).click()
    steps = steps_of(page)
    expect(steps).to_have_count(4)
    expect(steps.nth(3)).to_contain_text("item C")
    expect(page.locator("#predict-visit-events")).to_contain_text("after the first event")
    page.get_by_label("Item", exact=True).fill("")
    page.get_by_label("Category", exact=True).fill("1016")
    page.get_by_role("button", name="View", exact=True).click()
    expect(steps.nth(4)).to_contain_text("category 1016")
    page.get_by_role("button", name="Take out event 1").click()
    expect(steps).to_have_count(4)
    page.reload()
    expect(steps).to_have_count(4)
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator("#predict-visit-invalid")).to_contain_text("A visit has 1 to 1,000 events")
    assert page.complaints == []


def test_an_event_is_moved_by_keyboard_and_the_focus_stays_with_it(page):
    steps = steps_of(page)
    expect(steps.nth(2)).to_contain_text("Add to the cart")
    page.get_by_role("button", name="Move up event 3").focus()
    page.keyboard.press("Enter")
    expect(steps.nth(1)).to_contain_text("Add to the cart")
    expect(page.get_by_role("button", name="Move up event 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(steps.nth(0)).to_contain_text("Add to the cart")
    expect(page.get_by_role("button", name="Move down event 1")).to_be_focused()
    assert page.complaints == []


def test_the_slider_answers_in_the_browser_alone_and_says_what_the_model_does(page, sample_lake):
    title = page.locator("#predict-what-if-title")
    expect(title).to_contain_text("move the slider")
    model = champion(settings_of(sample_lake))
    known = next(each for each in model.inputs if each.name == "num_views")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    expect(title).to_contain_text(f"Views at {known.high:,.4g}: ")
    page.keyboard.press("ArrowLeft")
    expect(title).not_to_contain_text(f"Views at {known.high:,.4g}: ")
    mark = "document.querySelector('#predict-visit-curve .js-plotly-plot').data[1].x[0]"
    assert page.evaluate(mark) == pytest.approx(known.high - (known.high - known.low) / 100)
    assert asked == []
    assert page.complaints == []


def test_a_real_visit_is_chosen_by_its_visitor_and_stepped_through_as_the_lake_predicted(page, sample_lake):
    lake = open_lake(settings_of(sample_lake))
    rows = lake.store.arrow("ml.predictions", lake.ledger.published().versions["ml.predictions"]).to_pandas()
    several = rows[rows.groupby(POINT)["decision_point"].transform("max") == 3]
    of_visit = several.sort_values([*POINT, "decision_point"]).groupby(POINT).head(3).iloc[:3]
    visitor, wanted = of_visit["visitor_id"].iloc[0], of_visit["probability"].tolist()
    began = of_visit["started_at"].iloc[0]
    page.get_by_role("textbox", name="Visit of the lake").fill(str(visitor))
    page.get_by_role("option", name=re.compile(f"^{visitor} · {began.day} {began:%b %H:%M}")).click()
    expect(page.locator("#predict-told")).to_contain_text(f"Visitor {visitor}, {began.day} {began:%b %Y %H:%M:%S} UTC.")
    expect(page.locator("#predict-hour")).to_be_disabled()
    following = page.locator("[data-step=next]")
    for number, chance in enumerate(wanted, 1):
        expect(page.locator("#predict-at-words")).to_contain_text(f"Event {number} of ")
        assert chance_of(page) == pytest.approx(chance, abs=0.0006)
        following.focus()
        page.keyboard.press("ArrowRight")
    page.locator(".predict-event").first.click()
    expect(page.locator("#predict-at-words")).to_contain_text("Event 1 of ")
    expect(page.locator(".predict-event[aria-current='step']")).to_have_count(1)
    assert chance_of(page) == pytest.approx(wanted[0], abs=0.0006)
    page.get_by_role("button", name="Forget whose visit it was").click()
    expect(page.locator("#predict-told")).to_have_text("")
    expect(page.locator("#predict-hour")).to_be_enabled()
    assert page.complaints == []


def test_a_visit_is_taken_at_random_and_one_like_it_is_opened(page):
    page.get_by_role("button", name="One at random").click()
    expect(page.locator("#predict-told")).to_contain_text("Visitor ")
    first = page.locator("#predict-told").inner_text()
    like = page.locator("#predict-like")
    expect(like).to_contain_text("visits most like it bought")
    expect(like.get_by_role("row")).to_have_count(6)
    like.get_by_role("button", name=re.compile("^Open the visit")).first.click()
    expect(page.locator("#predict-told")).not_to_have_text(first)
    assert page.complaints == []


def test_pasted_lines_fill_the_form_and_what_is_no_visit_is_a_sentence(page):
    page.get_by_text("Paste its events").click()
    page.get_by_role("textbox", name="Lines of one visit").fill(f"{START},view,7\n{START + 5_000},buy,7")
    page.get_by_role("button", name="Take these events").click()
    expect(page.locator("#predict-brought")).to_contain_text("Line 2: 'buy' is none of view, addtocart, transaction.")
    expect(steps_of(page)).to_have_count(3)
    lines = f"{START},11,view,7,\n{START + 5_000},11,addtocart,7,\n{START + 9_000},11,transaction,7,4"
    page.get_by_role("textbox", name="Lines of one visit").fill(lines)
    page.get_by_role("button", name="Take these events").click()
    expect(page.locator("#predict-told")).to_contain_text("It bought after 2 events.")
    expect(steps_of(page)).to_have_count(2)
    expect(page.locator("#predict-brought")).to_have_text("")
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 375])
def test_a_real_visit_is_readable_and_as_wide_as_the_screen(page, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("button", name="One at random").click()
    expect(page.locator("#predict-told")).to_contain_text("Visitor ")
    expect(page.locator("#predict-like")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    assert page.complaints == []
