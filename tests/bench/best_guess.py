"""How near the model comes to the best guess from a visit's events, and that to who knows the visitor's intent.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.best_guess --scale 0.05 --seed 7

The lake needs a run of that sample, and predictions. The shop is played once more with its hidden states: who sees the
events guesses by a forward filter over them, who knows the states by value iteration. All are asked about the decision
points of the model's test; the model's figures stand beside theirs, with paired intervals over visitors.
"""

import argparse
import sys

import numpy as np
import pandas as pd

from bronze.sample.chance import Stream, stream
from bronze.sample.clock import wind_up
from bronze.sample.events import moments
from bronze.sample.files import VISITORS, VISITORS_PER_CHUNK
from bronze.sample.shop import open_shop
from lakehouse import settings
from lakehouse.lake import open_lake
from ml import predictions
from ml.intent.evaluation import report
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.slices import ALL, POINTS, at
from ml.intent.evaluation.tally import count
from ml.serving.scorer import champion
from tests.bronze.sample.guesses import act, guess

KEY = ["visitor_id", "started_at", "decision_point"]
GUESSES = {"by_events": "the best guess from the events", "by_state": "who knows the hidden state"}


def main() -> None:
    """Print the figures of the model's test beside both guesses."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scale", type=float, required=True, help="of the lake's sample")
    arguments.add_argument("--seed", type=int, required=True, help="of the lake's sample")
    chosen = arguments.parse_args()
    scorer = champion(settings.load())
    if scorer is None:
        sys.exit("No champion serves: lakehouse ml train promote --bootstrap score")
    points = read_test(scorer.version)
    both = points.merge(play_again(chosen.scale, chosen.seed), on=KEY, how="inner")
    print(f"{len(both):,} of {len(points):,} decision points of the test were found again in the shop")
    renamed = both.rename(columns={"probability": MODEL, **GUESSES})
    is_in = {ALL: np.ones(len(both), bool)} | {at(k): (both["decision_point"] == k).to_numpy() for k in POINTS}
    found = evaluate(count(renamed, is_in, {MODEL: scorer.threshold, **dict.fromkeys(GUESSES.values())}))
    print("\n".join(report.lines(found)))


def read_test(model_version: int) -> pd.DataFrame:
    """Return a model's labelled predictions of its test; instants in epoch milliseconds."""
    lake = open_lake(settings.load())
    published = lake.ledger.published()
    assert published
    rows = lake.store.arrow(predictions.table.name, published.versions[predictions.table.name]).to_pandas()
    rows = rows[rows["superseded_at"].isna() & rows["label"].notna()]
    rows = rows[(rows["part"] == "test") & (rows["model_version"] == model_version)]
    return rows.assign(started_at=in_millis(rows["started_at"]))[[*KEY, "label", "probability"]]


def in_millis(instants: "pd.Series[pd.Timestamp]") -> "pd.Series[int]":
    """Return instants as epoch milliseconds."""
    return (instants - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(milliseconds=1)


def play_again(scale: float, seed: int) -> pd.DataFrame:
    """Let the visitors of a sample do what they did in its files; return both guesses at every event."""
    catalogue, clock = open_shop(scale, seed).catalogue, wind_up()
    visitor_ids, found = stream(seed, Stream.VISITOR_IDS).permutation(max(1, round(VISITORS * scale))), []
    for number, start in enumerate(range(0, len(visitor_ids), VISITORS_PER_CHUNK)):
        ids, rng = visitor_ids[start : start + VISITORS_PER_CHUNK], stream(seed, Stream.EVENTS, number)
        shop = act(rng, catalogue, clock, len(ids))
        occurred_at = moments(rng, shop.visits, shop.steps)
        guesses = guess(shop)
        first_step = np.flatnonzero(np.diff(shop.steps.visit, prepend=-1))
        visit = shop.steps.visit[guesses.row]
        columns = {
            "visitor_id": ids[shop.visits.visitor[visit]],
            "started_at": occurred_at[first_step[visit]],
            "decision_point": guesses.place,
            "by_events": np.clip(guesses.by_events, 0, 1),
            "by_state": np.clip(guesses.by_state, 0, 1),
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


if __name__ == "__main__":
    main()
