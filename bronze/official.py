"""bronze.official — the official RetailRocket files, from Kaggle, compared with their published sums."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError

DATASET = "retailrocket/ecommerce-dataset"
SHA256 = {
    "events.csv": "3745aa83238b1e6d44d8fda209807899f420084398f94ddf745f3cbcfecbf9e7",
    "item_properties_part1.csv": "30aad5aeca58b2dc27dcc73e1708565f5818e45adb3eb57401f91e87355b0b81",
    "item_properties_part2.csv": "d5e7d1a91dc40f522aeb596b267e6c87d8aed689a7192d12369cfb165eb987e5",
    "category_tree.csv": "94e865eb0a3d48cbbfe3b79079018dd92509315c88f5fd8d00d0b4b5af434f5b",
}


def fetch(say: Callable[[str], None]) -> list[Path]:
    """Download the official files with kagglehub, which asks for the user's own account.

    Args:
        say: receives a line per step.

    Returns:
        The four files, in kagglehub's cache.

    Raises:
        LakehouseError: the download failed (exit code 4), or a file is not the official one (3).
    """
    import kagglehub

    say(f"Fetching {DATASET} with kagglehub …")
    try:
        folder = Path(kagglehub.dataset_download(DATASET))
    except Exception as error:  # kagglehub raises whatever its transport raises
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        remedy = "download the files by hand, then lakehouse land FILE…; kagglehub wants a Kaggle account and network"
        raise LakehouseError(f"The official files could not be fetched: {reason}", remedy, Exit.ENVIRONMENT) from error
    return check(folder)


def check(folder: Path) -> list[Path]:
    """Return the four official files of a folder.

    Raises:
        LakehouseError: one is missing or has another sum (exit code 3).
    """
    for name, expected in SHA256.items():
        path = folder / name
        if not path.is_file():
            raise LakehouseError(f"{path} is missing.", "lakehouse fetch", Exit.REFUSED)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            message = f"{path} is not the official file: its SHA-256 is {found}, not {expected}."
            raise LakehouseError(message, "delete it and fetch it again, or land it as your own", Exit.REFUSED)
    return [folder / name for name in SHA256]
