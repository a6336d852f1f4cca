"""What every test may rely on."""

import os

import pytest

# One thread a test process: the figures of a test must not depend on how many cores a machine has.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")
