"""bronze.sample.faults — rows that are wrong on purpose.

A fault is the pattern of a line. It is filled from a sound row, and the line it makes is added to the file: the sound
row stays, so that nothing which `faults=0` gives is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

EVENT_COLUMNS = ("timestamp", "visitorid", "event", "itemid", "transactionid")
PROPERTY_COLUMNS = ("timestamp", "itemid", "property", "value")
TREE_COLUMNS = ("categoryid", "parentid")

EVENT_LINE = "{timestamp},{visitorid},{event},{itemid},{transactionid}"
PROPERTY_LINE = "{timestamp},{itemid},{property},{value}"

UNKNOWN_ITEM = 999_999_999  # an item no property row describes
UNKNOWN_CATEGORY = 999_999  # a category without a node in the tree

EVENT_FAULTS = (
    EVENT_LINE,  # an exact duplicate
    f"{{timestamp}},{{visitorid}},view,{UNKNOWN_ITEM},",  # an orphan
    "not-a-time,{visitorid},{event},{itemid},{transactionid}",
    "1e12,{visitorid},{event},{itemid},{transactionid}",
    "915148800000,{visitorid},{event},{itemid},{transactionid}",  # 1999-01-01
    "253402214400000,{visitorid},{event},{itemid},{transactionid}",  # 9999-12-31
    ",{visitorid},{event},{itemid},{transactionid}",
    "{timestamp},+1,{event},{itemid},{transactionid}",
    "{timestamp},,{event},{itemid},{transactionid}",
    "{timestamp},{visitorid},{event}-{itemid},{itemid},{transactionid}",  # each another event that nobody knows
    "{timestamp},{visitorid},,{itemid},{transactionid}",
    "{timestamp},{visitorid},{event},9223372036854775808,{transactionid}",  # one more than fits 64 bits
    "{timestamp},{visitorid},{event},,{transactionid}",
    "{timestamp},{visitorid},transaction,{itemid},",
    "{timestamp},{visitorid},view,{itemid},1",
    "{timestamp},{visitorid},{event}",
    "{timestamp},{visitorid},{event},{itemid},{transactionid},extra,extra",
)
PROPERTY_FAULTS = (
    PROPERTY_LINE,  # an exact duplicate
    f"{{timestamp}},{{itemid}},categoryid,{UNKNOWN_CATEGORY}",  # an orphan
    "not-a-time,{itemid},{property},{value}",
    "1e12,{itemid},{property},{value}",
    "{timestamp},+1,{property},{value}",
    "{timestamp},9223372036854775808,{property},{value}",
    "{timestamp},,{property},{value}",
    "{timestamp},{itemid},,{value}",
    "{timestamp},{itemid},{property}",
    "{timestamp},{itemid},{property},{value},extra",
)

Columns = Mapping[str, pa.StringArray]


def lines(columns: Columns, pattern: str) -> pa.StringArray:
    """Fill `pattern` once per row: `{name}` stands for the row's value of that column."""
    parts = [columns[part[1:-1]] if part.startswith("{") else part for part in re.split(r"(\{\w+\})", pattern) if part]
    return pc.binary_join_element_wise(*parts, "\n", "")


def spoil(rng: np.random.Generator, columns: Columns, patterns: Sequence[str], share: float) -> list[pa.StringArray]:
    """Make a faulty line of about `share` of the rows, each after one of the patterns."""
    row_count = len(next(iter(columns.values())))
    spoiled = np.flatnonzero(rng.random(row_count) < share)
    choice = rng.integers(0, len(patterns), len(spoiled))
    return [
        lines({name: column.take(pa.array(spoiled[choice == number])) for name, column in columns.items()}, pattern)
        for number, pattern in enumerate(patterns)
        if (choice == number).any()
    ]
