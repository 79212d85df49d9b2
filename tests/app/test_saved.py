import stat

import pytest

from app import pages, server
from app.data.saved import FILE, Saved, View
from app.site import Site
from lakehouse.errors import LakehouseError

from .conftest import DAY, activity, publish

PORT = 8050
HERE = {"Host": f"localhost:{PORT}", "Origin": f"http://localhost:{PORT}"}
TREND = "overview-trend"


@pytest.fixture
def site(lake):
    publish(lake, "20150602T060000-aaaaaa", {"gold.activity": activity(days=9)})
    made = Site(lake.settings)
    made.lakes[""].refresh()
    return made


@pytest.fixture
def client(site):
    return server.make(site, PORT).server.test_client()


@pytest.fixture
def saved(site):
    return site.lakes[""].saved


def put(client, **view):
    return client.put("/api/v1/views", json={"name": "Autumn", "path": "/funnel", "query": ""} | view, headers=HERE)


def note(client, **said):
    body = {"card": TREND, "day": "2015-06-03", "words": "Newsletter"} | said
    return client.post("/api/v1/notes", json=body, headers=HERE)


def test_a_view_is_listed_by_its_name_with_the_choices_that_its_page_knows(client):
    assert put(client, name="  New   visitors ", query="?segment=new&range=90d&nonsense=1&unit=5y").status_code == 204

    (view,) = client.get("/api/v1/views", headers=HERE).json["views"]
    assert view == {"name": "New visitors", "path": "/funnel", "query": "?range=90d&segment=new&nonsense=1"}


def test_a_view_takes_the_place_of_one_of_its_name_and_can_be_removed(client, saved):
    put(client, query="?range=7d")
    put(client, path="/activity")
    assert [(view.path, view.query) for view in saved.views()] == [("/activity", "")]
    client.delete("/api/v1/views", json={"name": "Autumn"}, headers=HERE)

    assert saved.views() == []
    assert client.delete("/api/v1/views", json={"name": "Autumn"}, headers=HERE).status_code == 404


@pytest.mark.parametrize(
    ("send", "said", "title"),
    [
        (put, {"name": " "}, "The name must have 1 to 80 characters."),
        (put, {"name": "x" * 81}, "The name must have 1 to 80 characters."),
        (put, {"path": "/nowhere"}, "There is no page at this path."),
        (note, {"words": ""}, "The words must have 1 to 280 characters."),
        (note, {"day": "3 June"}, "The day must be written like 2015-06-03."),
        (note, {"card": "overview-nothing"}, "There is no card overview-nothing."),
    ],
)
def test_what_cannot_be_kept_is_a_problem(client, send, said, title):
    answer = send(client, **said)

    assert (answer.status_code, answer.mimetype, answer.json["title"]) == (400, "application/problem+json", title)


def test_another_page_can_neither_save_nor_note(client, saved):
    foreign = HERE | {"Origin": "http://evil.example"}
    view = {"name": "Mine", "path": "/", "query": ""}

    assert client.put("/api/v1/views", json=view, headers=foreign).status_code == 403
    assert client.delete("/api/v1/notes/1", json={}, headers=foreign).status_code == 403
    assert saved.views() == []


def test_a_note_changes_the_key_of_its_card_alone_and_what_browsers_compare(client, site):
    trend, funnel = (next(c for c in pages.find("/").cards if c.name == name) for name in ("trend", "funnel"))
    context = site.context(pages.parse(""))
    before = trend.key("overview", context), funnel.key("overview", context), site.lakes[""].shown
    number = note(client).json["id"]
    after = trend.key("overview", context), funnel.key("overview", context), site.lakes[""].shown

    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, False]
    assert client.delete(f"/api/v1/notes/{number}", json={}, headers=HERE).status_code == 204
    assert trend.key("overview", context) == before[0]
    assert site.lakes[""].shown not in (before[2], after[2])


def test_a_note_stands_on_its_card_and_marks_its_day_in_the_chart(ask, monkeypatch):
    context = ask("?range=all")
    day = context.published.first_day
    noted = Saved(context.lake.settings.lake_path)
    monkeypatch.setattr(noted, "notes", lambda card: [note_of(day)] if card == TREND else [])
    monkeypatch.setattr(context.lake, "saved", noted)
    trend = next(card for card in pages.find("/").cards if card.name == "trend")
    shown = str(trend.content("overview", context))

    assert "Newsletter <b>sent</b>" in shown
    assert "'text': '<b>1</b>'" in shown and f"'x0': datetime.date({day.year}, {day.month}, {day.day})" in shown


def note_of(day):
    from app.data.saved import Note

    return Note(7, TREND, day, "Newsletter <b>sent</b>")


def test_the_file_is_its_owners_alone_and_comes_with_the_first_view(lake, saved):
    path = lake.settings.lake_path / FILE
    assert (saved.views(), saved.notes(TREND), saved.revision, path.exists()) == ([], [], "0.0", False)
    saved.save_view(View("Autumn", "/", ""))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_there_is_room_for_so_many_notes(saved, monkeypatch):
    monkeypatch.setattr("app.data.saved.MOST", 2)
    for _ in range(2):
        saved.add_note(TREND, DAY, "words")

    with pytest.raises(LakehouseError, match="holds 2 notes already"):
        saved.add_note(TREND, DAY, "words")


def test_a_damaged_file_is_told_in_a_sentence_and_costs_no_other_card(lake, site, client):
    (lake.settings.lake_path / FILE).write_bytes(b"no database" * 100)
    answer = client.get("/api/v1/views", headers=HERE)

    assert (answer.status_code, answer.json["remedy"]) == (503, "lakehouse doctor")
    funnel = next(card for card in pages.find("/").cards if card.query)
    assert funnel.key("overview", site.context(pages.parse("")))
    assert client.get("/api/v1/publication", headers=HERE).status_code == 200
