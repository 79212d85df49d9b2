"""lakehouse.lake — one lake with its tables, landing folder and ledger, as every command opens it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import Landing
from lakehouse.settings import Settings
from lakehouse.storage import lake_format
from lakehouse.storage.ledger import Ledger
from lakehouse.storage.store import Store
from lakehouse.table import Table, discover, quarantine_of


@dataclass(frozen=True)
class Lake:
    """One lake. Opening it makes nothing, starts nothing and needs no Java."""

    settings: Settings
    tables: Mapping[str, Table]
    store: Store
    landing: Landing
    ledger: Ledger

    @property
    def contracts(self) -> dict[str, Table]:
        """Every table that the lake holds: the declared ones and their quarantines."""
        quarantines = [quarantine_of(table, self.tables) for table in self.tables.values()]
        return dict(self.tables) | {each.name: each for each in quarantines if each}

    def contract(self, name: str) -> Table:
        """Return the table of a name, a quarantine too.

        Raises:
            LakehouseError: there is none (exit code 2).
        """
        if name not in self.contracts:
            near = get_close_matches(name, self.contracts, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]}?" if near else "lakehouse status lists them"
            raise LakehouseError(f"There is no table {name}.", remedy, Exit.USAGE)
        return self.contracts[name]


def open_lake(settings: Settings) -> Lake:
    """Open the lake that the settings name, with the tables of all layers, upstreams first.

    Raises:
        LakehouseError: a newer release wrote it (exit code 4).
    """
    lake_format.check(settings)
    store = Store(settings)
    return Lake(settings, discover(settings.layers), store, Landing(settings), Ledger(store))
