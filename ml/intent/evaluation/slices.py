"""ml.intent.evaluation.slices — which decision points are looked at together."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

POINTS = (1, 2, 3, 5, 10)  # events so far at which a visit is looked at
ALL = "all"
UNSEEN = " · unseen visitors"  # those of whom no visit took part in the training
BLOCK_HOURS = 6
BLOCKS = {f"{start:02}–{start + BLOCK_HOURS - 1:02} h UTC": start for start in range(0, 24, BLOCK_HOURS)}
KINDS = ("new visitors", "returning visitors", "no cart so far", "a cart so far", *BLOCKS)
VISIT = ("visitor_id", "started_at")
EXAMPLE_COLUMNS = (
    *VISIT,
    "decision_point",
    "label",
    "session_hour",
    "session_weekday",
    "num_earlier_visits",
    "num_views",
    "num_adds",
    "distinct_products",
)
COLUMNS = (*EXAMPLE_COLUMNS, "is_seen")


def at(num_events: int) -> str:
    """Return the name of the slice of points after so many events."""
    return f"k={num_events}"


def slices(points: "pd.DataFrame") -> dict[str, npt.NDArray[np.bool_]]:
    """Return which rows belong to each slice.

    Args:
        points: COLUMNS: those of gold.intent_examples, and `is_seen`: whether the visitor took part in the training.
    """
    unseen = ~points["is_seen"].to_numpy(bool)
    events, hours = points["decision_point"].to_numpy(), points["session_hour"].to_numpy()
    returning, cart = (points[name].to_numpy() > 0 for name in ("num_earlier_visits", "num_adds"))
    main = {ALL: np.ones(len(points), bool)} | {at(k): events == k for k in POINTS}
    kinds = (
        ~returning,
        returning,
        ~cart,
        cart,
        *(hours // BLOCK_HOURS * BLOCK_HOURS == each for each in BLOCKS.values()),
    )
    unseen_alone = {f"{name}{UNSEEN}": rows & unseen for name, rows in main.items()}
    return main | unseen_alone | dict(zip(KINDS, kinds, strict=True))
