"""What a reader's dataset gets from the site's own: a borrowed model, a comparison, and lists of its own."""

import json
import shutil
from datetime import date

import pytest
from plotly.utils import PlotlyJSONEncoder

from app import pages, server
from app.site import Site
from lakehouse.lake import open_lake
from ml.promotion import drift
from ml.recommend import serving as recommending

from ..conftest import settings_of
from .test_datasets import EVENTS, PORT, build, send


@pytest.fixture(scope="module")
def scored(sample_lake, tmp_path_factory):
    """A site with a champion, and a dataset that it has scored: site, client, dataset."""
    folder = tmp_path_factory.mktemp("scored")
    shutil.copytree(sample_lake, folder / "lake")
    site = Site(settings_of(folder / "lake"))
    site.lakes[""].refresh()
    client = server.make(site, PORT).server.test_client()
    return site, client, build(client, site, send(client, EVENTS))


def drawn(site, path: str, dataset: str) -> str:
    """A page of a dataset, as text."""
    site.lakes[dataset].refresh()
    page = pages.find(path).layout(site.context(pages.parse(f"?lake={dataset}")))
    return json.dumps(page, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_the_sites_champion_scores_a_dataset_and_says_that_it_is_borrowed(scored):
    site, _, dataset = scored
    assert dataset["model"] == {"version": 1, "is_borrowed": True}
    lake = open_lake(site.lakes[dataset["id"]].settings)
    parts = lake.store.arrow("ml.predictions", columns=["part"])["part"].to_pylist()
    assert set(parts) == {"later"}


def test_the_inputs_of_a_borrowed_model_are_laid_beside_its_test(scored, sample_lake):
    site, _, dataset = scored
    lake, lender = open_lake(site.lakes[dataset["id"]].settings), open_lake(settings_of(sample_lake))
    rows, theirs = lake.store.records("ml.feature_drift"), lender.store.records("ml.feature_drift")
    assert {row["week"] for row in rows} == {date(2015, 6, 1)}
    points = {row["bin"]: row["num_points"] for row in rows if row["feature"] == "num_views"}
    assert sum(points.values()) == lake.store.rows("ml.predictions")
    test = {row["bin"]: row["num_test"] for row in theirs if row["feature"] == "num_views"}
    assert drift.overall(rows)["num_views"] == pytest.approx(
        drift.psi(list(points.values()), [test[each] for each in points])
    )
    assert "trained on other data" in drawn(site, "/predict", dataset["id"])
    assert "population stability index above 0.2" in drawn(site, "/data", dataset["id"])


def test_a_dataset_is_laid_beside_the_sites_own_data_and_the_sites_own_is_not(scored):
    site, _, dataset = scored
    text = drawn(site, "/data", dataset["id"])
    assert "Beside the site's own data" in text
    assert "1 of 7" in text  # visits with a purchase
    preset = site.lakes[""].current().rows("SELECT sum(num_sessions) AS visits FROM gold.daily_kpis")[0]["visits"]
    assert f"{int(preset):,}" in text
    assert "Beside the site's own data" not in drawn(site, "/data", "")


def test_a_dataset_of_few_visits_is_recommended_what_is_looked_at_most(scored):
    site, _, dataset = scored
    found = recommending.load(open_lake(site.lakes[dataset["id"]].settings)).recommender.for_item(4)
    assert {each.source for each in found.items} == {"popular"}
    assert found.note.startswith("Fewer than 1,000 visits do not tell what goes together")
