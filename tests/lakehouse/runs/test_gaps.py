"""Which visits an increment computes anew: those that a change reaches, however far apart in time its rows lie."""

from ..conftest import NOON

DAY, MINUTE = 86_400_000, 60_000


def test_an_early_straggler_beside_events_of_today_has_its_days_read_and_not_all_between_them(
    spark, call, land, monkeypatch
):
    monkeypatch.setenv("LAKEHOUSE_MAINTENANCE__FILE_MB", "0.002")
    today = NOON + 30 * DAY
    land("month.csv", *[f"{NOON + day * DAY},{visitor},view,7," for day in range(30) for visitor in range(20)])
    month = {each["table"]: each for each in call("run", "--json").json["tables"]}["silver.session_events"]
    land("today.csv", f"{NOON + MINUTE},3,view,8,", f"{today},3,view,8,", f"{today},4,view,8,")
    again = {each["table"]: each for each in call("run", "--json").json["tables"]}["silver.session_events"]
    assert (month["mode"], again["mode"]) == ("full_refresh", "incremental")
    assert again["read"]["files"] < month["wrote"]["files"]  # of events and visits together, and what arrived


# Minutes behind noon: events that are there, those that come, and by the start of each visit what it then holds.
REACHED = {
    "days behind its start": ([30 * n for n in range(73)], [2190], {0: [30 * n for n in range(74)]}),
    "back to the visit before": ([0, 20, 90], [50], {0: [0, 20, 50], 90: [90]}),
    "to the end of the visit behind": ([60, 80, 100], [30], {30: [30, 60, 80, 100]}),
    "two visits, which become one": ([0, 60, 80, 100], [30], {0: [0, 30, 60, 80, 100]}),
    "nothing more than a pause away": ([60, 80, 100], [29], {29: [29], 60: [60, 80, 100]}),
    "a visit within which it lies": ([0, 30, 60, 720], [15, 45], {0: [0, 15, 30, 45, 60], 720: [720]}),
    "over midnight": ([700, 730, 760, 1440], [715, 775], {700: [700, 715, 730, 760, 775], 1440: [1440]}),
    "back over midnight": ([700], [725], {700: [700, 725]}),
    "on over midnight": ([730, 750], [715], {715: [715, 730, 750]}),
    "over midnight from both sides": ([710, 740], [690, 770, 2880], {690: [690, 710, 740, 770], 2880: [2880]}),
}


def test_a_change_reaches_the_visits_that_it_joins_and_no_other(spark, call, land, lake, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_MAINTENANCE__FILE_MB", "0.0005")  # a file for a row or two
    noons = [NOON + month * 30 * DAY for month in range(len(REACHED))]  # each case has days, and so files, of its own
    for part, name in enumerate(("there.csv", "comes.csv")):
        lines = [(at, visitor) for visitor, case in enumerate(REACHED.values()) for at in case[part]]
        land(name, *[f"{noons[visitor] + at * MINUTE},{visitor},view,7," for at, visitor in lines])
        modes = {each["table"]: each["mode"] for each in call("run", "--json").json["tables"]}
    assert modes["silver.session_events"] == "incremental"
    found: list[dict[int, list[int]]] = [{} for _ in REACHED]
    for row in lake.store.arrow("silver.session_events").sort_by("occurred_at").to_pylist():
        instants = (row[name].timestamp() * 1000 for name in ("started_at", "occurred_at"))
        start, at = (int(each - noons[row["visitor_id"]]) // MINUTE for each in instants)
        found[row["visitor_id"]].setdefault(start, []).append(at)
    assert dict(zip(REACHED, found, strict=True)) == {name: case[2] for name, case in REACHED.items()}
