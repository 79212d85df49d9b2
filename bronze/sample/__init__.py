"""bronze.sample — a synthetic click-stream shop of the same shape as RetailRocket, in the official files.

Contents, in the order the data flows:

- `clock` — when the shop is busy, and when its visitors buy;
- `catalogue` — the category tree, the items, and how much each is wanted;
- `visits` — who comes how often, when, and with which intent;
- `steps` — what is done in a visit: views, carts and purchases;
- `journeys` — to which item, and after how long;
- `properties` — the weekly snapshots that describe the items;
- `faults` — rows that are wrong on purpose;
- `files` — `write`, the way in: all of it as CSV, chunk by chunk.
"""

from bronze.sample.files import FILES, write

__all__ = ["FILES", "write"]
