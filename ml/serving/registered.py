"""ml.serving.registered — the versions that have a name, with what was found of them, read without MLflow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder
from ml.intent.evaluation.figures import Evaluation, from_document
from ml.registry import aliases, versions
from ml.serving.scorer import Scorer, load


@dataclass(frozen=True)
class Registered:
    """A registered version that at least one alias names.

    Attributes:
        version: its number and tags.
        aliases: its names, the serving one first.
        scorer: the model; None where its file cannot be used.
        problem: why not, a sentence.
        run: the folder of what its training and its promotion logged; None before it was judged.
    """

    version: versions.Version
    aliases: tuple[str, ...]
    scorer: Scorer | None
    problem: str
    run: Folder | None

    @cached_property
    def gates(self) -> list[Mapping[str, str]]:
        """What each gate said at its promotion: `gate`, `outcome` and `found`; empty before."""
        return list(self._kept.get("gates", []))

    @property
    def accepted(self) -> str:
        """Why somebody let undecidable gates pass; empty where nobody did."""
        return str(self._kept.get("accepted_undecidable", ""))

    @cached_property
    def evaluation(self) -> Evaluation | None:
        """Its whole test with all slices; the main ones where the rest is not at hand; None without a model."""
        if self.run and self.run.status(versions.EVALUATION):
            return from_document(json.loads(self.run.read(versions.EVALUATION)))
        return self.scorer.evaluation if self.scorer else None

    @cached_property
    def _kept(self) -> dict[str, Any]:
        if self.run is None:
            return {}
        return dict(json.loads(self.run.read(self.version.tags["evidence"])))


def named(settings: Settings) -> list[Registered]:
    """Return the versions that aliases name: the champion first, then the challenger, then the others.

    Raises:
        LakehouseError: which model serves cannot be read (exit code 4).
    """
    known = aliases.read(settings)
    order = [name for name in (aliases.CHAMPION, aliases.CHALLENGER, aliases.PREVIOUS, aliases.BEST) if name in known]
    numbers = list(dict.fromkeys(known[name].number for name in order))
    return [
        _registered(settings, tuple(name for name in order if known[name].number == number), known)
        for number in numbers
    ]


def _registered(settings: Settings, names: tuple[str, ...], known: Mapping[str, versions.Version]) -> Registered:
    version = known[names[0]]
    run = versions.run_of(versions.served(settings).below("artifacts"), version)
    try:
        return Registered(version, names, load(settings, version), "", run)
    except LakehouseError as error:
        return Registered(version, names, None, error.message, run)
