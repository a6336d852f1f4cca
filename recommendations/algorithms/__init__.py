"""Algorithms that learn from interactions: ``create(name, **parameters).fit(data)`` returns a ``Model``.

Importing this package loads neither PyTorch nor scipy; ``create`` imports the one module that it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from .catalogue import InvalidParameters, UnknownAlgorithm, info, validate

if TYPE_CHECKING:
    from .base import Algorithm

__all__ = ["InvalidParameters", "UnknownAlgorithm", "create"]


def create(name: str, **parameters: object) -> Algorithm:
    """The algorithm of that name with these parameters, ready to ``fit``.

    Raises UnknownAlgorithm or InvalidParameters; both messages list the valid names.
    """
    values = validate(name, parameters)
    module, _, attribute = info(name).path.rpartition(".")
    return cast("Algorithm", getattr(import_module(module), attribute)(name, values))
