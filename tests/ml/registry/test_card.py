"""The card's figures, counted again from ml.predictions by pandas and scikit-learn alone."""

import re

import pandas as pd
import pytest
from sklearn import metrics

from lakehouse.lake import open_lake
from ml.registry import card_of

from ...conftest import settings_of

NAMES = {"ROC-AUC": "roc_auc", "PR-AUC": "pr_auc", "log loss": "log_loss", "Brier": "brier", "base rate": "base_rate"}
FIGURE = r"([+-]?[0-9.]+) \[[^]]*\]"


@pytest.fixture(scope="module")
def card(sample_lake) -> str:
    return card_of.text(settings_of(sample_lake), None)


@pytest.fixture(scope="module")
def points(sample_lake) -> pd.DataFrame:
    """The predictions of the test, with labels."""
    lake = open_lake(settings_of(sample_lake))
    rows = lake.store.arrow("ml.predictions", lake.ledger.published().versions["ml.predictions"]).to_pandas()
    return rows[(rows["part"] == "test") & rows["label"].notna() & rows["superseded_at"].isna()]


def block(card: str, title: str) -> list[str]:
    """The lines of one slice."""
    lines = card.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"{title}: "))
    length = next((n for n, line in enumerate(lines[start + 1 :]) if not line.startswith("  ")), len(lines))
    return lines[start : start + 1 + length]


@pytest.mark.parametrize("k", [None, 1, 2, 3, 5, 10])
def test_counts_are_those_of_the_predictions(card, points, k):
    rows = points if k is None else points[points["decision_point"] == k]
    bought = rows[rows["label"] == 1]
    visits = bought[["visitor_id", "started_at"]].drop_duplicates()
    title = "all decision points" if k is None else f"after {k} event{'s' if k > 1 else ''}"
    expected = f"{title}: {len(rows):,} points, {len(bought):,} before one of {len(visits):,} purchases"
    assert block(card, title)[0] == expected


def test_figures_are_those_of_the_predictions(card, points):
    label, score = points["label"].astype(int), points["probability"]
    expected = {
        "roc_auc": metrics.roc_auc_score(label, score),
        "pr_auc": metrics.average_precision_score(label, score),
        "log_loss": metrics.log_loss(label, score),
        "brier": metrics.brier_score_loss(label, score),
        "base_rate": label.mean(),
    }
    line = next(each for each in block(card, "all decision points") if "ROC-AUC" in each)
    found = {NAMES[name]: text for name, text in re.findall(rf"({'|'.join(NAMES)}) {FIGURE}", line)}
    assert found.keys() == expected.keys()
    for name, text in found.items():
        digits = len(text.partition(".")[2])
        assert float(text) == pytest.approx(expected[name], abs=0.6 * 10**-digits), name


def test_the_card_says_what_it_is_for_what_it_was_made_from_and_what_the_gates_said(card):
    assert [line for line in card.splitlines() if line.startswith("#")] == [
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
