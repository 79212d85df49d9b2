"""bronze.sample.chance — one seed, and a stream of random numbers for each purpose."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random generator is for; each draws from a stream of its own, whatever the others do."""

    SHOP = 0
    VISITOR_IDS = 1
    EVENTS = 2
    EVENT_FAULTS = 3
    PROPERTIES = 4
    PROPERTY_FAULTS = 5


def stream(seed: int, purpose: Stream, chunk: int = 0) -> np.random.Generator:
    """Open the stream of a purpose, from its beginning; each chunk of the work has one."""
    return np.random.default_rng((seed, purpose, chunk))
