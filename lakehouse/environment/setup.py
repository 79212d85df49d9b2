"""environment.setup — bring to this machine what pip does not: Java, JARs, a browser for tests."""

from collections.abc import Callable

from lakehouse.engine import jars, java
from lakehouse.environment import browser
from lakehouse.settings import Settings, environment


def prepare(settings: Settings, say: Callable[[str], None], *, tests: bool = False) -> None:
    """Make this machine ready; what is there already is only looked at.

    Args:
        settings: where JARs are kept.
        say: receives a short line for each step.
        tests: also bring what the test suite needs: a browser.

    Raises:
        LakehouseError: something is missing and cannot be brought here; the remedy is its own.
    """
    environ = environment()
    home = java.search(environ) or java.install(environ, say)
    say(f"Java {java.version(home)} in {home}")
    jars.resolve(settings, say)
    say(f"JARs in {jars.folder(settings)}")
    if tests:
        say(f"Browser {browser.install(environ, say)}")
