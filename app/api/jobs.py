"""api.jobs — what a browser asked for and what came of it: to queue, follow, cancel, try again, fetch and remove."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, make_response, request, send_file

from app import uploads
from app.jobs import files, kinds, owner
from app.jobs.store import Job, new_id
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.preflight import printable

LONGEST_NAME = 200  # characters of a file's own name, which is shown and nothing else


class NoJob(LakehouseError):
    """There is no such job of this browser."""


def add(routes: Blueprint, site: Site, base: str) -> None:
    """Add the routes.

    Args:
        routes: those of the API.
        site: whose jobs.
        base: the path under which the site lies.
    """
    desk = site.jobs

    def mine(identity: str) -> Job:
        name = owner.current(desk.root)
        found = desk.store.get(identity, name) if name else None
        if found is None:
            raise NoJob("There is no such job of this browser.", "GET /api/v1/jobs lists them")
        return found

    def queue(kind: str, arguments: dict[str, Any], identity: str = "") -> Response:
        name = owner.current(desk.root) or owner.new()
        job = desk.submit(kind, arguments, request.args.get("lake", ""), name, identity)
        return owner.greet(make_response(described(job), 201), desk.root, name, base)

    @routes.get("/api/v1/jobs")
    def jobs() -> dict[str, Any]:
        """List the jobs of this browser, the newest first."""
        name = owner.current(desk.root)
        return {"jobs": [described(each) for each in desk.store.of(name)] if name else []}

    @routes.post("/api/v1/jobs")
    def submit() -> Response:
        """Queue a job."""
        body = request.get_json(silent=True)
        said: dict[str, Any] = body if isinstance(body, dict) else {}
        kind = kinds.find(str(said.get("kind", "")))
        if kind.has_route:
            raise LakehouseError(f"A job {kind.name} is not asked for here.", "see /api/v1/openapi.json", Exit.USAGE)
        arguments = said.get("arguments", {})
        if not isinstance(arguments, dict):
            raise LakehouseError("The arguments of a job are an object.", "see /api/v1/openapi.json", Exit.USAGE)
        return queue(kind.name, arguments)

    @routes.post("/api/v1/jobs/files")
    def submit_file() -> Response:
        """Queue a job about the file that is the body of this request."""
        kind = kinds.find(request.args.get("kind", ""))
        name = printable(request.args.get("name", "").strip())[:LONGEST_NAME] or "a file"
        identity = new_id()
        with desk.receive(identity) as file:
            uploads.save(file, desk.upload_bytes)
        try:
            return queue(kind.name, {"name": name}, identity)
        except LakehouseError:
            files.remove(desk.root, identity)
            raise

    @routes.get("/api/v1/jobs/<identity>")
    def job(identity: str) -> dict[str, Any]:
        """Tell how far a job is, or what came of it."""
        return described(mine(identity))

    @routes.post("/api/v1/jobs/<identity>/cancel")
    def cancel(identity: str) -> dict[str, Any]:
        """End a job that is queued or goes on."""
        if not desk.cancel(mine(identity)):
            raise LakehouseError("This job has ended already.", "remove it, if nobody needs it", Exit.REFUSED)
        return described(mine(identity))

    @routes.post("/api/v1/jobs/<identity>/retry")
    def retry(identity: str) -> dict[str, Any]:
        """Queue a job that failed or was cancelled again."""
        if not desk.retry(mine(identity)):
            message = "Only a job that failed or was cancelled can be tried again."
            raise LakehouseError(message, "ask for a new one", Exit.REFUSED)
        return described(mine(identity))

    @routes.delete("/api/v1/jobs/<identity>")
    def remove(identity: str) -> Response:
        """Remove a job that has ended, with its files."""
        if not desk.remove(mine(identity)):
            raise LakehouseError("This job goes on.", "cancel it first", Exit.REFUSED)
        return Response(status=204)

    @routes.get("/api/v1/jobs/<identity>/files/<name>")
    def download(identity: str, name: str) -> Response:
        """Send a file that came of a job."""
        found = mine(identity)
        if name not in files.results(desk.root, found.id):
            raise NoJob(f"This job has no file {printable(name)}.", f"GET /api/v1/jobs/{found.id} lists them")
        return send_file(files.folder_of(desk.root, found.id) / name, as_attachment=True, download_name=name)


def described(job: Job) -> dict[str, Any]:
    """Return a job as JSON tells it; neither its owner nor its process is anybody's business."""
    told = {name: getattr(job, name) for name in ("id", "kind", "title", "lake", "state", "done", "total", "sentence")}
    told |= {name: _instant(getattr(job, name)) for name in ("created", "started", "ended")}
    result = {name: value for name, value in job.result.items() if name != "summary"}
    return told | {"result": result, "error": job.error, "remedy": job.remedy}


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
