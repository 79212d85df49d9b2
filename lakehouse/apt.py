"""lakehouse.apt — install a system package where that needs no question: as root on Debian and its kin."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

from lakehouse.errors import Exit, LakehouseError


def can_install(environ: Mapping[str, str]) -> bool:
    """Tell whether this process may install packages: it is root and apt-get is on PATH."""
    return os.geteuid() == 0 and shutil.which("apt-get", path=environ.get("PATH", "")) is not None


def install(packages: Sequence[str], environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Install the first of the packages that this distribution has.

    Raises:
        LakehouseError: apt-get installed none of them.
    """
    failure = _apt_get(["update"], environ)  # a fresh container image has no package lists
    for package in packages:
        say(f"Installing {package} by apt-get")
        failure = _apt_get(["install", "--yes", "--no-install-recommends", package], environ)
        if not failure:
            return
    remedy = f"apt-get install {packages[0]}"
    raise LakehouseError(f"apt-get could not install {' or '.join(packages)}: {failure}", remedy, Exit.ENVIRONMENT)


def _apt_get(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run apt-get; return nothing, or the last line of what it complained about."""
    done = subprocess.run(
        ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120", *arguments],
        env={**environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    lines = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
    return lines[-1] if done.returncode else ""
