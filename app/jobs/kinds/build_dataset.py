"""kinds.build_dataset — land the files of a dataset and build its lake, as `lakehouse land` and `run` do it."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.datasets.store import FILES, LAKE, NOTE
from app.datasets.upload import Upload, with_our_names
from app.jobs.kinds import Kind, Task
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake

# What the first page reads, with all that it is computed from: published first, and a third of the work.
FIRST = ("+gold.activity", "+gold.daily_kpis", "+gold.visit_segments", "+gold.visitor_days")
BUILT = re.compile(r" *(\d+)/(\d+) (\S+) ")  # how the runner's line about a table begins


def build(task: Task) -> Mapping[str, Any]:
    """Make the lake of the dataset anew from its files, and publish it: first what the first page reads, then the rest.

    Then the files are not needed any more.
    """
    from app.datasets import rejected
    from bronze import landing
    from lakehouse.lake import open_lake
    from lakehouse.runs import runner
    from lakehouse.runs.planner import Request

    uploads, path = [Upload(**each) for each in task.arguments["files"]], task.settings.lake_path
    if path.name != LAKE or not (path.parent / NOTE).is_file():  # what is made anew is removed first
        raise LakehouseError(f"{path} is no reader's dataset.", "lakehouse run", Exit.USAGE)
    shutil.rmtree(path, ignore_errors=True)  # of a former try
    lake = open_lake(task.settings)
    for place, each in enumerate(uploads):
        task.tell(place, len(uploads), f"Taking in {each.name}.")
        source = path.parent / FILES / f"{each.number}.csv"
        landing.accept(lake.landing, _ours(task, each, source), name=each.name)

    def say(line: str) -> None:
        if found := BUILT.match(line):
            task.tell(int(found[1]), int(found[2]), f"Built {found[3]}.")
        else:
            task.tell(0, 0, line)

    first = runner.run(lake, say, Request(selectors=FIRST), command="lakehouse app")
    run = runner.run(lake, say, command="lakehouse app") or first
    assert run is not None
    shutil.rmtree(path.parent / FILES, ignore_errors=True)
    _score(task, lake)
    events = lake.store.rows("silver.events", run.versions["silver.events"])
    return {"run": run.number, "rows": events, "rejected": rejected.count(lake)}


def _ours(task: Task, upload: Upload, source: Path) -> Path:
    """Return the file with our names of columns."""
    if not source.is_file():
        raise LakehouseError(f"The file {upload.name} is gone.", "upload it again", Exit.USAGE)
    if not upload.mapping:
        return source
    target = task.folder / f"{upload.number}.csv.part"
    target.unlink(missing_ok=True)
    with_our_names(upload, source, target)
    return target


def _score(task: Task, lake: Lake) -> None:
    """Score the visits by the site's champion, if there is one, and look how far its inputs lie from its test."""
    from ml.promotion import monitoring
    from ml.serving import scoring
    from ml.serving.scorer import champion

    def say(line: str) -> None:
        task.tell(0, 0, line)

    if champion(task.settings):
        scoring.score(lake, say)
        try:
            monitoring.monitor(lake, say)
        except LakehouseError as error:  # nobody has monitored the site's own lake yet: the pages say so
            say(error.message)


kind = Kind("build-dataset", lambda said: f"Build {said['name']}", lambda said: said, build, has_route=True)
