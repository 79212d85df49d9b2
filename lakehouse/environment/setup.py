"""environment.setup — bring to this machine what pip does not: Java, JARs, a browser for tests."""

from collections.abc import Callable
from dataclasses import replace

from lakehouse.engine import archive, jars, java
from lakehouse.environment import browser
from lakehouse.settings import Settings, environment, load


def prepare(settings: Settings, say: Callable[[str], None], *, tests: bool = False) -> None:
    """Make this machine ready; what is there already is only looked at.

    Args:
        settings: where JARs and archive are kept, and the JVM options that the archive is for.
        say: receives a short line for each step.
        tests: also bring what the test suite needs: a browser, and an archive for its own JVM options.

    Raises:
        LakehouseError: something is missing and cannot be brought here; the remedy is its own.
    """
    environ = environment()
    home = java.search(environ) or java.install(environ, say)
    say(f"Java {java.version(home)} in {home}")
    jars.resolve(settings, say)
    say(f"JARs in {jars.folder(settings)}")
    made = archive.make(settings, home, say)
    if made:
        say(f"Class archive {made}")
    if tests:
        of_tests = replace(load({**environ, "LAKEHOUSE_ENV": "test"}), java=settings.java)
        archive.make(of_tests, home, say)
        say(f"Browser {browser.install(environ, say)}")
