"""What every test may rely on."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

# One thread a test process: the figures of a test must not depend on how many cores a machine has.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Property tests judge answers, not how fast a busy machine gives them; CI sees the same examples each time.
hypothesis.settings.register_profile(
    "concierge",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("concierge")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")


@pytest.fixture(autouse=True)
def nothing_is_loaded_yet() -> Iterator[None]:
    """A web process remembers models, API calls and its reader's language; a test starts without them."""
    from django.apps import apps
    from django.conf import settings
    from django.core.cache import cache
    from django.utils import translation

    if apps.is_installed("recommendations"):  # one project has the support bot alone
        from recommendations import serving
        from recommendations.serving import guard

        serving.reset()
        guard.forget_what_was_logged()
    cache.clear()
    translation.activate(settings.LANGUAGE_CODE)
    yield
