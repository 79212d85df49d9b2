"""What the engine spreads over the machine ends with the run that asked for it."""

from concurrent.futures import CancelledError

import pytest


@pytest.mark.usefixtures("spark")
def test_items_that_wait_when_the_engine_is_interrupted_are_not_begun(lake):
    engine, begun = lake.store.engine, []

    def interrupted(item):
        begun.append(item)
        engine.interrupt()
        return [item]

    with pytest.raises((CancelledError, RuntimeError)):
        engine.spread(interrupted, list(range(100)))
    assert len(begun) < 100
    assert engine.spread(lambda item: [item], [1, 2]) == [1, 2]
