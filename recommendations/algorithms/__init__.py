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

_EXTRAS = {
    "torch": "train",
    "scipy": "train",
    "safetensors": "train",
    "lightgbm": "boost",
    "mlxtend": "rules",
    "pandas": "rules",
}
"""Which extra of the distribution brings a module."""


def create(name: str, **parameters: object) -> Algorithm:
    """The algorithm of that name with these parameters, ready to ``fit``.

    Raises UnknownAlgorithm or InvalidParameters, whose messages list the valid names, and ModuleNotFoundError
    where what training needs is not installed.
    """
    values = validate(name, parameters)
    module, _, attribute = info(name).path.rpartition(".")
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        message = (
            f"{name} needs {error.name}, which is not installed: pip install 'django-concierge[{extra}]'"
        )
        raise ModuleNotFoundError(message, name=error.name) from error
    return cast("Algorithm", getattr(found, attribute)(name, values))
