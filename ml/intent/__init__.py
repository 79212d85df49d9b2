"""Purchase intent: which decision points the model learns from, how they are split, fitted and scored.

What is evaluated is a frame with one row per decision point, `gold.intent_examples` whose visits have ended, with

    visitor_id, started_at, decision_point (k), decided_at   the key and the instant of the decision
    part          fit · selection · calibration · threshold · test · later · embargo (between two of them, in none)
    label         1 where the visit bought after the decision, else 0
    probability   the calibrated answer of the model
    example_weight  how many points an example stands for; 1.0 where every point is there
    the features  the other columns of gold.intent_examples

`ml.predictions` keeps the same of each model version, without the features, with `model_version`, `scored_at` and
`superseded_at`; rows whose `superseded_at` is not NULL, or whose `label` is NULL, count in no figure.
"""
