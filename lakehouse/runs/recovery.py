"""runs.recovery — finish what a killed act of another room left undone, before a run plans anything.

A room with acts that a kill may cut in two offers a `recovery` module with `recover(lake)`, as a layer with commands
offers a `commands.py`: so a run knows of later rooms without importing them.
"""

import importlib
import pkgutil
from importlib.util import find_spec

import lakehouse
from lakehouse.lake import Lake


def recover(lake: Lake) -> None:
    """Ask every room to finish its acts. Call it under the lake's lock; a room with nothing to do changes nothing."""
    for room in pkgutil.iter_modules(lakehouse.__path__):
        module = f"lakehouse.{room.name}.recovery"
        if room.ispkg and module != __name__ and find_spec(module):
            importlib.import_module(module).recover(lake)
