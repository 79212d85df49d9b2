"""Every figure of the card, counted again from ml.predictions by pandas and scikit-learn alone."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from lakehouse.lake import open_lake
from ml.registry import card_of

from ...conftest import settings_of

FIGURE = r"([a-zA-Z/-][^·:|]*?|\d+ %) (-?[0-9.]+) \[([^]]*)\]"
COMPARED = {
    "ROC-AUC": metrics.roc_auc_score,
    "PR-AUC": metrics.average_precision_score,
    "log loss": metrics.log_loss,
    "Brier": metrics.brier_score_loss,
}
POINT = ["visitor_id", "started_at", "decision_point"]
EVENTS = {1: "after 1 event"} | {k: f"after {k} events" for k in (2, 3, 5, 10)}
BLOCKS = {"00–05 h UTC": 0, "06–11 h UTC": 6, "12–17 h UTC": 12, "18–23 h UTC": 18}


@pytest.fixture(scope="module")
def card(sample_lake) -> str:
    return card_of.text(settings_of(sample_lake), None)


@pytest.fixture(scope="module")
def predictions(sample_lake) -> pd.DataFrame:
    """All labelled predictions, with what gold.intent_examples says of their points."""
    lake = open_lake(settings_of(sample_lake))
    versions = lake.ledger.published().versions
    rows, examples = (lake.store.arrow(n, versions[n]).to_pandas() for n in ("ml.predictions", "gold.intent_examples"))
    rows = rows[rows["label"].notna() & rows["superseded_at"].isna()]
    return rows.merge(examples.drop(columns=["label", "decided_at", "session_date"]), on=POINT)


@pytest.fixture(scope="module")
def slices(predictions) -> dict[str, pd.DataFrame]:
    """The points of the test by the title of their slice."""
    test = predictions[predictions["part"] == "test"]
    seen = predictions.loc[predictions["started_at"] < test["started_at"].min(), "visitor_id"]
    kinds = {"all decision points": test.index == test.index}
    kinds |= {title: test["decision_point"] == k for k, title in EVENTS.items()}
    kinds |= {f"{title} · unseen visitors": rows & ~test["visitor_id"].isin(seen) for title, rows in kinds.items()}
    kinds |= {
        "new visitors": test["num_earlier_visits"] == 0,
        "returning visitors": test["num_earlier_visits"] > 0,
        "no cart so far": test["num_adds"] == 0,
        "a cart so far": test["num_adds"] > 0,
    }
    kinds |= {title: test["started_at"].dt.hour.between(hour, hour + 5) for title, hour in BLOCKS.items()}
    return {title: test[rows] for title, rows in kinds.items()}


def blocks(card: str) -> dict[str, list[str]]:
    """The lines of each slice, by its title."""
    parts = re.split(r"^### (.*)$", card.partition("## The brief's model")[0], flags=re.MULTILINE)[1:]
    return {title: text.strip().splitlines() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def told(lines: list[str]) -> dict[str, str]:
    """The figures of a slice's list, and of the model in its table, by their names."""
    names = next((line.split("|")[2:-1] for line in lines if line.startswith("|  |")), [])
    model = next((line.split("|")[2:-1] for line in lines if line.startswith("| this model |")), [])
    facts = [line for line in lines if line.startswith("- ")] + [f"{a} {b}" for a, b in zip(names, model, strict=True)]
    return {name.strip(): value for line in facts for name, value, _ in re.findall(FIGURE, line.removeprefix("- "))}


def lift(rows: pd.DataFrame, share: float) -> float:
    log_odds = np.log(rows["probability"] / (1 - rows["probability"]))
    alike = rows.groupby(np.floor(128 * log_odds))["label"].transform(
        "mean"
    )  # within .8 % of the odds none comes first
    ranked = alike[rows["probability"].sort_values(ascending=False).index].to_numpy(float)
    wanted = share * len(ranked)
    weight = np.clip(wanted - np.arange(len(ranked)), 0, 1)  # the last of them in part
    return float((weight * ranked).sum() / wanted / ranked.mean())


def counted(rows: pd.DataFrame) -> dict[str, float]:
    """Every figure of the model, from its predictions."""
    label, score, flagged = rows["label"].astype(int), rows["probability"], rows["is_flagged"].fillna(False).astype(int)
    log_odds = np.log(score / (1 - score)).to_numpy()[:, None]
    tenths = np.array_split(rows.sort_values("probability")[["label", "probability"]].to_numpy(float), 10)
    found = {name: figure(label, score) for name, figure in COMPARED.items()}
    found |= {
        f"lift in the top {share} %" if share == 1 else f"{share} %": lift(rows, share / 100) for share in (1, 5, 10)
    }
    return found | {
        "base rate": label.mean(),
        "accuracy": metrics.accuracy_score(label, flagged),
        "precision": metrics.precision_score(label, flagged, zero_division=np.nan),
        "recall": metrics.recall_score(label, flagged),
        "observed/promised": label.sum() / score.sum(),
        "slope": LogisticRegression(C=np.inf, solver="newton-cholesky").fit(log_odds, label).coef_[0, 0],
        "mean error": float(np.mean([abs(np.subtract(*tenth.mean(axis=0))) for tenth in tenths])),
    }


def assert_told(text: str, expected: float, what: str) -> None:
    """The text is the figure, up to its last digit and to what bins of scores take from it."""
    digit = 10.0 ** -len(text.partition(".")[2])
    roughness = 0.1 * expected if "mean error" in what else 0.01 * abs(expected)
    assert float(text) == pytest.approx(expected, abs=0.51 * digit + roughness), what


def test_every_slice_is_there_with_its_counts(card, slices):
    found = blocks(card)
    assert found.keys() == slices.keys()
    for title, rows in slices.items():
        bought = rows[rows["label"] == 1]
        visits = bought[["visitor_id", "started_at"]].drop_duplicates()
        assert found[title][0] == f"- {len(rows):,} points, {len(bought):,} before one of {len(visits):,} purchases"


def test_every_figure_of_the_model_is_that_of_the_predictions(card, slices):
    compared = 0
    for title, lines in blocks(card).items():
        figures, expected = told(lines[1:]), counted(slices[title]) if len(lines) > 2 else {}
        assert figures.keys() <= expected.keys(), title
        for name, text in figures.items():
            assert_told(text, expected[name], f"{title}: {name}")
        compared += len(figures)
    assert compared > 50


def baselines(predictions: pd.DataFrame) -> dict[str, pd.Series]:
    """The rates of the fit, by number of events and kind; each drawn to that of the number by 50 points."""
    known = predictions.assign(cart=predictions["num_adds"] > 0)
    fit = known[known["part"] == "fit"]
    total = (fit["label"].sum() + 0.5) / (len(fit) + 1)
    by_events = fit.groupby("decision_point")["label"].agg(["sum", "size"])
    prior = known["decision_point"].map((by_events["sum"] + total) / (by_events["size"] + 1))
    found = {"base rate": prior}
    for name, kind in {"a cart so far": ["cart"], "hour and weekday": ["session_hour", "session_weekday"]}.items():
        keys = ["decision_point", *kind]
        sums = fit.groupby(keys)["label"].agg(["sum", "size"]).reset_index()
        own = known[keys].merge(sums, on=keys, how="left").fillna(0).set_index(known.index)
        found[name] = (own["sum"] + 50 * prior) / (own["size"] + 50)
    return found


def test_every_baseline_and_what_the_model_is_better_by_are_those_of_the_predictions(card, predictions, slices):
    rates, compared = baselines(predictions), 0
    for title, lines in blocks(card).items():
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
        for row, difference in pairwise(cells):
            if row[0] in rates:
                label, score = slices[title]["label"].astype(int), slices[title]["probability"]
                other = rates[row[0]].loc[slices[title].index]
                for name, text, less in zip(cells[0][1:], row[1:], difference[1:], strict=True):
                    if text:
                        expected = COMPARED[name](label, other)
                        assert_told(text.split()[0], expected, f"{title}: {name} of {row[0]}")
                        better = COMPARED[name](label, score) - expected
                        assert_told(less.split()[0], better, f"{title}: {name} against {row[0]}")
                        compared += 1
    assert compared > 20


def test_the_interval_of_the_log_loss_is_that_of_a_bootstrap_over_visitors(card, slices):
    rows = slices["all decision points"]
    loss = -np.where(rows["label"] == 1, np.log(rows["probability"]), np.log(1 - rows["probability"]))
    sums = pd.DataFrame({"visitor": rows["visitor_id"], "loss": loss, "points": 1}).groupby("visitor").sum().to_numpy()
    random = np.random.default_rng(3)
    drawn = [sums[random.integers(len(sums), size=len(sums))].sum(axis=0) for _ in range(1000)]
    low, high = np.quantile([loss / points for loss, points in drawn], [0.025, 0.975])
    line = next(line for line in blocks(card)["all decision points"] if line.startswith("| this model |"))
    text = re.findall(r"\[([^]]*)\]", line)[list(COMPARED).index("log loss")].split(", ")
    digit = 10.0 ** -len(text[0].partition(".")[2])
    assert [float(each) for each in text] == pytest.approx([low, high], abs=0.51 * digit + 0.2 * (high - low))


def test_the_card_says_what_it_is_for_what_it_was_made_from_and_what_the_gates_said(card):
    assert [line for line in card.splitlines() if re.match("##? ", line)] == [
        "# Purchase intent, version 1",
        "## Purpose",
        "## Not for",
        "## Made from",
        "## Figures of its test",
        "## The brief's model",
        "## Gates",
    ]
    assert re.search(r"^- data: gold.intent_examples version \d+$", card, re.MULTILINE)
    assert re.search(r"^- code: [0-9a-f]{16}; settings: [0-9a-f]{16}; file: sha256 [0-9a-f]{64}$", card, re.MULTILINE)
    assert "- passed: rebuilt decision points: 1,000 decision points rebuilt" in card
    assert "distinct_products counts the items of any event" in card


def test_a_version_that_does_not_exist_is_told(sample_lake):
    from lakehouse.errors import Exit, LakehouseError

    with pytest.raises(LakehouseError, match="There is no version 99") as error:
        card_of.text(settings_of(sample_lake), 99)
    assert error.value.code == Exit.USAGE
