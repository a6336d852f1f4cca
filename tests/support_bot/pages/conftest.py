import pytest

from tests.support_bot.people import Shopfloor


@pytest.fixture
def shop(db: None) -> Shopfloor:
    return Shopfloor()
