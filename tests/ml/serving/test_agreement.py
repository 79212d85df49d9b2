"""One score, however it is asked for: the page's, the API's, the batch's and MLflow's are equal to 1e-9."""

import pandas as pd
import pytest

from app import server
from app.site import Site
from lakehouse.lake import open_lake
from ml.registry import mlflow_store
from ml.serving.scorer import champion

from ...conftest import settings_of

PORT = 8050
HERE = {"Host": f"localhost:{PORT}"}
MIN_POINTS = 1000
POINT = ["visitor_id", "started_at", "decision_point"]


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture(scope="module")
def predicted(lake):
    """Decision points of the sample with their predictions: whole visits, at least a thousand rows."""
    versions = lake.ledger.published().versions
    points, answers = (
        lake.store.arrow(name, versions[name]).to_pandas() for name in ("gold.intent_examples", "ml.predictions")
    )
    rows = points.merge(answers[[*POINT, "probability"]], on=POINT).sort_values(POINT)
    several = rows[rows.groupby(POINT[:2])["decision_point"].transform("max") >= 3]
    return several.head(MIN_POINTS + 200)


@pytest.fixture(scope="module")
def post(sample_lake):
    """Ask a site over the sample lake for scores."""
    site = Site(settings_of(sample_lake))
    shown = site.lakes[""]
    shown.refresh()
    shown.serving.load(shown.current().run, shown.current().keys)
    client = server.make(site, PORT).server.test_client()
    return lambda body: client.post("/api/v1/score", json=body, headers=HERE).json


def of_http(answer):
    return [score for visit in answer["visits"] for score in visit["scores"]]


def test_page_api_batch_and_pyfunc_score_a_thousand_decision_points_alike(lake, predicted, post):
    model = champion(lake.settings)
    wanted = predicted["probability"].tolist()
    rows = [
        {name: None if pd.isna(row[name]) else row[name] for name in model.input_names}
        for row in predicted.to_dict("records")
    ]
    by_row = [float(model.score([row])[0]) for row in rows]  # as the page and one request do, by plain numbers
    by_api = [
        each["probability"]
        for start in range(0, len(rows), 1000)
        for each in post({"rows": rows[start : start + 1000]})["scores"]
    ]
    mlflow = mlflow_store.connect(lake.settings)
    loaded = mlflow.pyfunc.load_model(f"models:/{lake.settings.model.name}@champion")
    features = predicted[model.input_names].astype(float)
    by_pyfunc = loaded.predict(features)["probability"].tolist()

    assert len(wanted) >= MIN_POINTS
    for name, found in {"page": by_row, "api": by_api, "pyfunc": by_pyfunc}.items():
        assert found == pytest.approx(wanted, abs=1e-9), name


def test_visits_told_by_their_events_score_as_their_decision_points_do(lake, predicted, post):
    starts = predicted[POINT[:2]].drop_duplicates().head(300)
    events = lake.store.arrow("silver.session_events").to_pandas().merge(starts, on=POINT[:2]).sort_values("position")
    visits, wanted = [], []
    for (visitor, start), of_visit in events[events["is_before_purchase"]].groupby(POINT[:2]):
        told = of_visit.head(10)
        visits.append(
            {
                "visitor_id": int(visitor),
                "events": [
                    {"kind": kind, "at": at.isoformat(), "item_id": int(item)}
                    for kind, at, item in zip(told["event_type"], told["occurred_at"], told["item_id"], strict=True)
                ],
            }
        )
        chosen = predicted[(predicted["visitor_id"] == visitor) & (predicted["started_at"] == start)]
        wanted.append(dict(zip(chosen["decision_point"], chosen["probability"], strict=True)))
    compared = 0
    for place in range(0, len(visits), 100):
        answer = post({"visits": visits[place : place + 100], "every_event": True})
        for visit, known in zip(answer["visits"], wanted[place : place + 100], strict=True):
            for score in visit["scores"]:
                if score["events"] in known:
                    compared += 1
                    assert score["probability"] == pytest.approx(known[score["events"]], abs=1e-9)
    assert compared > 900
