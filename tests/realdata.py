"""Where the real data for measurements lies; a test that needs it skips with the reason when it is absent."""

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get("CONCIERGE_DATA") or Path(__file__).resolve().parent.parent.parent / "shared" / "data"
)


def path(name: str) -> Path:
    """The file or folder `name` of the data folder; skips the calling test where it is absent."""
    found = FOLDER / name
    if not found.exists():
        pytest.skip(f"{name} is not in {FOLDER}: set CONCIERGE_DATA to a folder that holds it")
    return found
