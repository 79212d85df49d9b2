"""environment.browser — find the Chromium that the site's tests drive, or install Debian's."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from lakehouse import apt
from lakehouse.errors import Exit, LakehouseError

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find(environ: Mapping[str, str]) -> Path | None:
    """Return the first browser of NAMES on PATH, or None."""
    found = (shutil.which(name, path=environ.get("PATH", "")) for name in NAMES)
    return next((Path(each) for each in found if each), None)


def install(environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """Return the browser on PATH; where there is none, install Debian's.

    Raises:
        LakehouseError: there is none and this process may not install packages, or apt-get failed.
    """
    if find(environ) is None and apt.can_install(environ):
        apt.install(NAMES[:1], environ, say)
    browser = find(environ)
    if browser is None:
        remedy = f"install Chromium, e.g. sudo apt-get install {NAMES[0]}"
        raise LakehouseError(f"The site's tests need one of {', '.join(NAMES)} on PATH.", remedy, Exit.ENVIRONMENT)
    return browser
