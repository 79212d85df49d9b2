"""api.datasets — the lakes that a reader brings: to upload files, map their columns, build, list and remove."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, make_response, request, stream_with_context

from app import uploads
from app.datasets import rejected
from app.datasets.store import Dataset
from app.datasets.upload import Upload
from app.jobs import owner
from app.jobs.store import ACTIVE, FAILED, Job
from app.site import Site
from bronze import header
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from lakehouse.landing.preflight import printable
from ml.serving.scorer import champion

TRAINING, NEW, READY = "train-dataset", "new", "ready"
PROGRESS = ("state", "done", "total", "sentence", "error", "remedy")
LONGEST_NAME = 120  # characters of a file's own name, which is shown and nothing else


def add(routes: Blueprint, site: Site, base: str) -> None:
    """Add the routes.

    Args:
        routes: those of the API.
        site: whose datasets.
        base: the path under which the site lies.
    """
    datasets, desk = site.datasets, site.jobs

    def mine(identity: str) -> Dataset:
        return datasets.get(identity, owner.current(desk.root))

    def unbuilt(identity: str) -> Dataset:
        """Return a dataset that may still change.

        Raises:
            LakehouseError: it is built, or being built (exit code 3).
        """
        found = mine(identity)
        if _state(found, site) not in (NEW, FAILED):
            raise LakehouseError("This dataset is built from its files already.", "bring a new one", Exit.REFUSED)
        return found

    @routes.get("/api/v1/datasets")
    def list_datasets() -> dict[str, Any]:
        """List the datasets of this browser, the newest first."""
        name = owner.current(desk.root)
        found = [described(each, site) for each in datasets.of(name)] if name else []
        return {"datasets": found, "kinds": header.KINDS}

    @routes.post("/api/v1/datasets/files")
    def receive_file() -> Response:
        """Take a file, the body of this request, into a new dataset or one that is not built."""
        desk.make_room()
        datasets.clean()
        reader = owner.current(desk.root) or owner.new()
        identity = request.args.get("dataset", "")
        if identity:
            unbuilt(identity)
        name = printable(request.args.get("name", "").strip())[:LONGEST_NAME] or "a file"
        with datasets.receive(reader, identity, name) as (file, received):
            uploads.save(file, desk.upload_bytes)
        return owner.greet(make_response(described(received[0], site), 201), desk.root, reader, base)

    @routes.get("/api/v1/datasets/<identity>")
    def show_dataset(identity: str) -> dict[str, Any]:
        """Tell what a dataset holds, and how far it is."""
        return described(mine(identity), site)

    @routes.put("/api/v1/datasets/<identity>")
    def rename(identity: str) -> dict[str, Any]:
        """Give a dataset another name."""
        name = printable(str(_body().get("name", "")).strip())[:LONGEST_NAME]
        if not name:
            raise LakehouseError("A dataset needs a name.", "give it one", Exit.USAGE)
        return described(datasets.change(mine(identity), name=name), site)

    @routes.delete("/api/v1/datasets/<identity>")
    def remove_dataset(identity: str) -> Response:
        """Remove a dataset with its lake."""
        found = mine(identity)
        for job in desk.store.among(ACTIVE):
            if job.lake == found.id:
                desk.cancel(job)
        datasets.remove(found)
        return Response(status=204)

    @routes.get("/api/v1/datasets/<identity>/rejected.csv")
    def show_rejected(identity: str) -> Response:
        """Send the rows that its tables refused, with the rules that they break."""
        found = mine(identity)
        lines = rejected.as_csv(open_lake(site.lakes[found.id].settings))
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = 'attachment; filename="rejected.csv"'
        return answer

    @routes.put("/api/v1/datasets/<identity>/files/<int:number>")
    def map_file(identity: str, number: int) -> dict[str, Any]:
        """Say what a file holds, and which of its columns stand for ours."""
        body = _body()
        mapping = body.get("columns", {})
        if not isinstance(mapping, dict):
            raise LakehouseError("The columns are an object: ours -> the file's.", "see the OpenAPI", Exit.USAGE)
        said = {str(ours): str(theirs) for ours, theirs in mapping.items()}
        return described(datasets.map(unbuilt(identity), number, str(body.get("kind", "")), said), site)

    @routes.delete("/api/v1/datasets/<identity>/files/<int:number>")
    def drop_file(identity: str, number: int) -> dict[str, Any]:
        """Remove a file from a dataset that is not built."""
        return described(datasets.drop(unbuilt(identity), number), site)

    @routes.post("/api/v1/datasets/<identity>/build")
    def build(identity: str) -> tuple[dict[str, Any], int]:
        """Queue the job that lands the files and builds the lake."""
        found = unbuilt(identity)
        unknown = [each.name for each in found.files if not each.kind]
        if unknown:
            message = f"Which columns of {' and '.join(unknown)} stand for ours is not said."
            raise LakehouseError(message, "choose them, or remove the file", Exit.USAGE)
        if not any(each.kind == "events" for each in found.files):
            raise LakehouseError("There is no file of events, and nothing goes without.", "upload one", Exit.USAGE)
        arguments = {"name": found.name, "files": [asdict(each) | {"rows": []} for each in found.files]}
        job = desk.submit("build-dataset", arguments, found.id, found.owner)
        return described(datasets.change(found, job=job.id), site), 202

    @routes.post("/api/v1/datasets/<identity>/train")
    def train(identity: str) -> tuple[dict[str, Any], int]:
        """Queue the job that trains a model of a dataset's own."""
        found = mine(identity)
        if _state(found, site) != READY or not datasets.is_built(found):
            raise LakehouseError("This dataset is not built yet.", "build it first", Exit.REFUSED)
        if (told := _training(found, site)) and told["state"] in ACTIVE:
            raise LakehouseError("A model is trained on it already.", "wait for it, or cancel it", Exit.REFUSED)
        desk.submit(TRAINING, {}, found.id, found.owner)
        return described(found, site), 202


def described(dataset: Dataset, site: Site) -> dict[str, Any]:
    """Return a dataset as JSON tells it."""
    state, job = _state(dataset, site), site.jobs.store.get(dataset.job) if dataset.job else None
    return {
        "id": dataset.id,
        "name": dataset.name,
        "state": state,
        "job": dataset.job,
        "files": [_file(each) for each in dataset.files],
        "progress": {name: getattr(job, name) for name in PROGRESS} if job else {},
        "result": _result(dataset, site, state, job),
        "model": _model(dataset, site) if state == READY else None,
        "training": _training(dataset, site),
    }


def _file(upload: Upload) -> dict[str, Any]:
    names = ("number", "name", "size", "columns", "kind", "mapping", "rows", "nearest")
    return {name: getattr(upload, name) for name in names}


def _state(dataset: Dataset, site: Site) -> str:
    """Return `new`, the state of the job that builds it, or `ready`: as soon as the first page has its tables."""
    job = site.jobs.store.get(dataset.job) if dataset.job else None
    is_active = job is not None and job.state in ACTIVE
    if job is not None and job.state == FAILED:
        return FAILED
    lake = site.lakes.get(dataset.id)
    if lake and lake.ledger.published() and (is_active or site.datasets.is_built(dataset)):
        return READY
    return job.state if job is not None and is_active else NEW


def _result(dataset: Dataset, site: Site, state: str, job: Job | None) -> dict[str, Any]:
    """Return what came of the job that builds it: at once when its tables are there, `rejected` when it has ended."""
    if state == READY and (job is None or not job.result):
        lake = site.lakes[dataset.id]
        run = lake.ledger.published()
        return {"rows": lake.store.rows("silver.events", run.versions["silver.events"])} if run else {}
    return dict(job.result) if job else {}


def _model(dataset: Dataset, site: Site) -> dict[str, Any] | None:
    """Return which model answers for a dataset, its own or the site's."""
    found = champion(site.lakes[dataset.id].settings)
    return {"version": found.version, "is_borrowed": found.is_borrowed} if found else None


def _training(dataset: Dataset, site: Site) -> dict[str, Any] | None:
    """Return how far the newest training on a dataset is."""
    jobs = [each for each in site.jobs.store.of(dataset.owner) if (each.lake, each.kind) == (dataset.id, TRAINING)]
    return {name: getattr(jobs[0], name) for name in ("id", *PROGRESS)} if jobs else None


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}
