"""engine.shipping — the code that tasks need, as one archive: the platform's and the layers', and no library's.

Tasks on other machines get functions by name, and so must have their modules. The archive is this process's own code,
so that no machine works with an older one that it happens to have.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

PLATFORM = "lakehouse"


def pack(layers: Sequence[str], folder: Path) -> Path:
    """Write the archive into a folder and return its path.

    Args:
        layers: the names of the layers' packages.
        folder: where the archive goes; whoever can write there decides what tasks do.
    """
    path = folder / "lakehouse-code.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for package in (PLATFORM, *layers):
            for root, module in _modules(package):
                archive.write(module, module.relative_to(root))
    return path


def _modules(package: str) -> Iterator[tuple[Path, Path]]:
    """Find the modules of a package, each with the folder that imports start from."""
    spec = find_spec(package)
    for folder in map(Path, (spec and spec.submodule_search_locations) or []):
        for module in sorted(folder.rglob("*.py")):
            yield folder.parent, module
