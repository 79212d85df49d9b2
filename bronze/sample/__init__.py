"""bronze.sample — a synthetic click-stream shop of the same shape as RetailRocket, in the official files.

Contents, in the order the data flows:

- `chance` — a stream of random numbers for each purpose;
- `clock` — when the shop is busy, and when its visitors buy;
- `tree` — the category tree;
- `affinity` — which items belong together;
- `offers` — category, availability and price of each item, week by week;
- `temptation` — how readily an item is put into the cart or bought;
- `catalogue` — the items, how much each is wanted, and which is looked at next;
- `shop` — `open_shop`: all of that for a seed, with what the files never tell;
- `visits` — who comes how often, when, and how ready to buy;
- `goals` — the item that each visit comes for, and its intent;
- `steps` — what may be done next, and by which chances;
- `journeys` — what is done, step by step, and to which item;
- `events` — all of it with its moments;
- `properties` — the weekly snapshots that describe the items;
- `faults` — rows that are wrong on purpose;
- `files` — `write`, the way in: all of it as CSV, chunk by chunk.
"""

from bronze.sample.files import FILES, write

__all__ = ["FILES", "write"]
