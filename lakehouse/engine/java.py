"""engine.java — find a Java that this Spark runs on, or install Debian's."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from glob import glob
from pathlib import Path

from lakehouse import apt
from lakehouse.errors import Exit, LakehouseError

VERSIONS = (17, 21)
PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless")
FOLDERS = (
    "/usr/lib/jvm/*",
    "/opt/*",
    "/opt/homebrew/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk@*/libexec/openjdk.jdk/Contents/Home",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


@dataclass(frozen=True)
class Java:
    """An installed Java, as it describes itself: `version` names the build and its vendor."""

    home: Path
    major: int
    version: str


def find(environ: Mapping[str, str], folders: Sequence[str] = FOLDERS) -> Path:
    """Return the JAVA_HOME to run Spark with: the variable's, else PATH's, else one of the usual folders'.

    Args:
        environ: the environment; JAVA_HOME and PATH are read.
        folders: patterns of folders that may be a JAVA_HOME.

    Raises:
        LakehouseError: JAVA_HOME is set to something else than a Java of VERSIONS, or there is none anywhere.
    """
    home = search(environ, folders)
    if home is None:
        raise LakehouseError(f"Spark needs {_fitting()}, and there is none.", remedy(environ), Exit.ENVIRONMENT)
    return home


def search(environ: Mapping[str, str], folders: Sequence[str] = FOLDERS) -> Path | None:
    """Do what `find` does, but return None where there is no Java of VERSIONS.

    Raises:
        LakehouseError: JAVA_HOME is set to something else than a Java of VERSIONS.
    """
    if environ.get("JAVA_HOME"):
        return _of_java_home(Path(environ["JAVA_HOME"]).expanduser().absolute())
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    in_folders = [Path(each) / "bin" / "java" for pattern in folders for each in sorted(glob(_expand(pattern)))]
    for executable in ([Path(on_path).absolute()] if on_path else []) + in_folders:
        java = identify(executable)
        if java and java.major in VERSIONS:
            return java.home
    return None


def install(environ: Mapping[str, str], say: Callable[[str], None], folders: Sequence[str] = FOLDERS) -> Path:
    """Install Debian's Java and return its JAVA_HOME.

    Raises:
        LakehouseError: this process may not install packages, or apt-get failed.
    """
    if apt.can_install(environ):
        apt.install(PACKAGES, environ, say)
    return find(environ, folders)


@cache
def identify(executable: Path) -> Java | None:
    """Ask a `java` what it is; None if the file is missing or no working Java."""
    try:
        command = [str(executable), "-XshowSettings:properties", "-version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    properties = dict(re.findall(r"^ +(java\.[\w.]+) = (.+)$", answer, re.MULTILINE))
    major = properties.get("java.specification.version", "")
    if not major.isdigit() or "java.home" not in properties:  # 8 and older call themselves 1.8
        return None
    version = f"{properties.get('java.runtime.version', major)} {properties.get('java.vendor', '')}".strip()
    return Java(Path(properties["java.home"]), int(major), version)


def version(home: Path) -> str:
    """Return the version of the Java in this folder with its build and vendor, empty if there is none."""
    java = identify(home / "bin" / "java")
    return java.version if java else ""


def remedy(environ: Mapping[str, str]) -> str:
    """Return what brings a fitting Java to this machine."""
    if apt.can_install(environ):
        return "lakehouse setup"
    commands = {
        "apt-get": f"sudo apt-get install {PACKAGES[0]}",
        "dnf": "sudo dnf install java-21-openjdk-headless",
        "brew": "brew install openjdk@17",
    }
    here = [text for tool, text in commands.items() if shutil.which(tool, path=environ.get("PATH", ""))]
    return here[0] if here else f"install {_fitting()} and set JAVA_HOME to its folder"


def _of_java_home(home: Path) -> Path:
    """Return the folder that JAVA_HOME names, if Spark can run on it."""
    java = identify(home / "bin" / "java")
    if java and java.major in VERSIONS:
        return home
    if java:
        problem = f"JAVA_HOME={home} is Java {java.major}; Spark needs {_fitting()}."
    else:
        problem = f"JAVA_HOME={home} holds no working Java (asked {home / 'bin' / 'java'})."
    raise LakehouseError(problem, f"unset JAVA_HOME, or set it to {_fitting()}", Exit.ENVIRONMENT)


def _fitting() -> str:
    return f"Java {' or '.join(map(str, VERSIONS))}"


def _expand(pattern: str) -> str:
    return os.path.expanduser(pattern)  # as it is where this user has no home
