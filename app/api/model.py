"""api.model — GET /api/v1/model-card.md: what is to be known of a version, to keep beside what was decided by it."""

from flask import Blueprint, Response, request

from app.api.answers import NotFound
from app.site import Site
from lakehouse.errors import Exit, LakehouseError
from ml.serving.registered import named

NAME = "model-card"


def add(routes: Blueprint, site: Site) -> None:
    """Add the route."""

    @routes.get(f"/api/v1/{NAME}.md")
    def model_card() -> Response:
        """Send the model card of the champion, or of another version that has a name."""
        lake, asked = request.args.get("lake", ""), request.args.get("version", "")
        if lake not in site.lakes:
            raise LakehouseError(f"The site has no dataset {lake}.", "leave lake out for the site's own", Exit.USAGE)
        known = {str(each.version.number): each for each in named(site.lakes[lake].settings)}
        found = known.get(asked) if asked else next(iter(known.values()), None)
        if found is None:
            told = f"No version {asked} has a name." if asked else "No model is registered yet."
            raise NotFound(
                told, "lakehouse ml train promote --bootstrap" if not known else f"one of {', '.join(known)}"
            )
        answer = Response(found.card, mimetype="text/markdown")
        name = f"{NAME}-v{found.version.number}.md"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-cache"
        return answer
