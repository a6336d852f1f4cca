import pytest
from rest_framework.test import APIClient

from tests.serving.blocks import BlockShop


@pytest.fixture
def shop(db: None) -> BlockShop:
    return BlockShop()


@pytest.fixture
def api() -> APIClient:
    """A client as a browser is one: CSRF is checked."""
    return APIClient(enforce_csrf_checks=True, raise_request_exception=False)
