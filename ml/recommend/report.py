"""ml.recommend.report — the figures of an evaluation: as text, as JSON, in MLflow."""

import json
from dataclasses import asdict
from types import ModuleType
from typing import Any

from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run
from ml.recommend import serving, visits
from ml.recommend.evaluate import KINDS, RIVAL, SESSIONS, Evaluation
from ml.recommend.protocols import PROTOCOLS, Score, Share
from ml.recommend.rank import LEADERS, LENGTH, REMINDERS
from ml.registry.versions import served

MEANINGS = {"A": "A with reminders", "B": "B no repeats", "C": "C discovery"}
HEADINGS = {"known": "Next items that the training holds:", "all": "All next items, new ones counted as they come:"}
FEWEST = 2000  # predictions, for an interval that tells methods apart


def text(evaluation: Evaluation) -> str:
    """Return the figures as a page of text."""
    e = evaluation
    width = max(map(len, e.methods))
    lines = [
        f"{e.num_visits:,} visits that ended after {e.cutoff:%Y-%m-%d %H:%M} UTC, by {e.num_training_visits:,} before.",
        f"HR@{LENGTH} / MRR@{LENGTH} of the next item, ± half of the 95 % interval.",
    ]
    for kind in KINDS:
        head = "  ".join(f"{MEANINGS[each]:<23}" for each in PROTOCOLS)
        lines += ["", HEADINGS[kind], f"{'':<{width}}  {head}"]
        for name, method in e.methods.items():
            lines.append(f"{name:<{width}}  " + "  ".join(_score(method.scores[kind, each]) for each in PROTOCOLS))
        gains = "  ".join(
            f"{f'{_gain(hr)} {_gain(mrr)}':<23}" for hr, mrr in (e.gains[kind, each] for each in PROTOCOLS)
        )
        lines.append(f"{f'gain on {RIVAL}':<{width}}  {gains}")
        counts = (next(iter(e.methods.values())).scores[kind, each].num for each in PROTOCOLS)
        lines.append(f"{'predictions':<{width}}  " + "  ".join(f"{count:<23,}" for count in counts))
    cold = " · ".join(f"{name} {share:.1%}" for name, share in e.cold.items())
    lines += ["", f"New to the training, and dropped above: {cold}.", "", "Lists of C:"]
    for name, m in e.methods.items():
        shape = f"{m.coverage:5.1%} of items shown · {m.popularity:7.1f} events each · {m.short:5.1%} short"
        lines.append(f"{name:<{width}}  {shape}")
    lines.append(f"An answer takes {e.p50_ms:.2f} ms; 99 of 100 take less than {e.p99_ms:.2f} ms.")
    fewest = min(method.scores["known", "C"].num for method in e.methods.values())
    if fewest < FEWEST:
        lines.append(f"With {fewest:,} predictions of C the intervals are wide: raise --hours, or land more events.")
    return "\n".join(lines)


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures as JSON can hold them; what goes by kind and protocol has both in its key."""
    whole = asdict(evaluation)
    whole["gains"] = {"/".join(key): {"hr": hr, "mrr": mrr} for key, (hr, mrr) in whole["gains"].items()}
    for method in whole["methods"].values():
        method["scores"] = {"/".join(key): score for key, score in method["scores"].items()}
    return whole


def write(settings: Settings, run: Run, hours: float, evaluation: Evaluation) -> None:
    """Keep the figures for the site, in the place of those before."""
    whole = {**as_json(evaluation), "run_id": run.run_id, "hours": hours, "rival": RIVAL}
    content = json.dumps(whole, indent=1, default=lambda each: each.isoformat())
    served(settings).overwrite(serving.MEASURED, content.encode())


def log(mlflow: ModuleType, settings: Settings, run: Run, hours: float, evaluation: Evaluation) -> None:
    """Log the figures to the run in MLflow that is open."""
    tables = [visits.TABLE, SESSIONS, *serving.COLUMNS]
    mlflow.set_tags({"publication": run.run_id, **{name: run.versions[name] for name in tables}})
    params = {"hours": hours, "cutoff": evaluation.cutoff.isoformat(), "leaders": LEADERS, "reminders": REMINDERS}
    mlflow.log_params({**params, **asdict(settings.recommend)})
    mlflow.log_metrics(metrics(evaluation))
    mlflow.log_text(text(evaluation), "evaluation.txt")


def metrics(evaluation: Evaluation) -> dict[str, float]:
    """Return every figure by a name that MLflow groups: `<kind>_<protocol>/<method>_hr` and the like."""
    found = {"latency/p50_ms": evaluation.p50_ms, "latency/p99_ms": evaluation.p99_ms}
    found |= {f"all_{protocol}/new_targets": share for protocol, share in evaluation.cold.items()}
    for (kind, protocol), gains in evaluation.gains.items():
        for figure, share in zip(("hr", "mrr"), gains, strict=True):
            found |= _of(f"{kind}_{protocol}/gain_on_{RIVAL}_{figure}", share)
    for name, method in evaluation.methods.items():
        plain = name.replace(", ", "_").replace(" ", "_")
        for (kind, protocol), score in method.scores.items():
            found |= _of(f"{kind}_{protocol}/{plain}_hr", score.hr) | _of(f"{kind}_{protocol}/{plain}_mrr", score.mrr)
        shape = {"coverage": method.coverage, "popularity": method.popularity, "short": method.short}
        found |= {f"lists/{plain}_{figure}": value for figure, value in shape.items()}
    return found


def _of(name: str, share: Share) -> dict[str, float]:
    return {name: share.value, f"{name}_margin": share.margin}


def _score(score: Score) -> str:
    return f"{score.hr.value:.3f}±{score.hr.margin:.3f}/{score.mrr.value:.3f}±{score.mrr.margin:.3f}"


def _gain(share: Share) -> str:
    return f"{share.value:+.3f}±{share.margin:.3f}"
