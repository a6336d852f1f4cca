import pytest

from .blocks import BlockShop


@pytest.fixture
def shop(db: None) -> BlockShop:
    """Products and customers; no model is active."""
    return BlockShop()
