"""lakehouse.failpoints — places between two durable steps where a test lets the process die.

LAKEHOUSE_FAILPOINT names one place. A process that is to die there is started in a group of its own
(`start_new_session=True`): what shares its group dies with it, as its JVM would when a machine stops.
"""

import os
import signal

from lakehouse.settings import environment

VARIABLE = "LAKEHOUSE_FAILPOINT"


def reach(name: str) -> None:
    """Kill the process group if LAKEHOUSE_FAILPOINT names this place, a name such as `landing.renamed`."""
    if environment().get(VARIABLE) == name:
        os.killpg(os.getpgrp(), signal.SIGKILL)
