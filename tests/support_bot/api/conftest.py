import pytest

from tests.support_bot.people import Chat, Shopfloor


@pytest.fixture
def shop(db: None) -> Shopfloor:
    return Shopfloor()


@pytest.fixture
def guest(shop: Shopfloor) -> Chat:
    return Chat.open()


@pytest.fixture
def ada(shop: Shopfloor) -> Chat:
    return Chat.open(shop.ada)
