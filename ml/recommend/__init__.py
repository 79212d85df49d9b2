"""ml.recommend — items for a visitor, each with its reason, in a millisecond, and how good the lists are.

`serving` is the way in: it loads a publication into memory. Contents, in the order the data flows:

- `catalogue` — what is known of each item: category, availability, price;
- `rank` — the list that is served;
- `serving` — loads what a publication holds;
- `visits` — sequences of items, of all visitors, as arrays;
- `protocols` — the three ways to ask for the next item of a visit;
- `baselines` — what the list is compared with;
- `als` — the same by matrix factorization, on Apache Spark;
- `evaluate` — fit on what ended before an instant, and predict what came after it;
- `report` — its figures as text and in MLflow.

Nothing here imports gold: tables go by their names, transforms by their contracts.
"""
