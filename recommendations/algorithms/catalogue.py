"""What the faces must know of every algorithm, as data: roles, parameters, ranges, defaults and help.

Nothing here loads PyTorch, numpy or Django: the admin's form, the API, the commands and the system checks
read this module; only a training process imports the class that ``AlgorithmInfo.path`` names. Texts are
English and marked for translation; a face translates them with its own gettext. The entries themselves are
in :mod:`.entries`, a module a family.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module

from .entries import ENTRIES, AlgorithmInfo, Role, gettext_noop
from .parameters import InvalidParameters, Parameter, Value

__all__ = [
    "ALGORITHMS",
    "ROLES",
    "AlgorithmInfo",
    "InvalidParameters",
    "Parameter",
    "Role",
    "UnknownAlgorithm",
    "gettext_noop",
    "info",
    "is_built_in",
    "register",
    "validate",
]


class UnknownAlgorithm(LookupError):
    """No algorithm of that name; the message lists the valid ones, the closest first."""


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("personal", gettext_noop("Personal suggestions"), "ndcg@20", "new", "popularity"),
        Role("similar", gettext_noop("Similar items"), "ndcg@20", "new", "popularity"),
        Role("bought_together", gettext_noop("Bought together"), "ndcg@20", "new", "popularity"),
        Role("buy_again", gettext_noop("Buy again"), "ndcg@20", "all", "popularity"),
        Role("trending", gettext_noop("Trending"), "ndcg@20", "new", "popularity"),
    )
}


ALGORITHMS: dict[str, AlgorithmInfo] = {algorithm.name: algorithm for algorithm in ENTRIES}

_BUILT_IN = frozenset(ALGORITHMS)


def info(name: str) -> AlgorithmInfo:
    """The algorithm of that name; UnknownAlgorithm lists the valid ones, the closest first."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        close = get_close_matches(str(name), ALGORITHMS, n=len(ALGORITHMS), cutoff=0.5)
        names = close + [other for other in ALGORITHMS if other not in close]
        raise UnknownAlgorithm(f"There is no algorithm {name!r}. Valid are: {', '.join(names)}.") from None


def is_built_in(name: str) -> bool:
    """Whether the algorithm is of this package; others are a host's own."""
    return name in _BUILT_IN


def validate(name: str, parameters: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of the algorithm, typed, defaults filled in.

    Text is converted, so that a form, the API and ``--set key=value`` may all call it.
    Raises UnknownAlgorithm, or InvalidParameters with one sentence for each bad one.
    """
    algorithm = info(name)
    values = algorithm.defaults
    errors: dict[str, str] = {}
    for field, raw in parameters.items():
        if field not in values:
            close = get_close_matches(str(field), values, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            errors[field] = f"is not a parameter of {name}.{hint} Valid are: {', '.join(values)}."
            continue
        try:
            values[field] = algorithm.parameter(field).convert(raw)
        except ValueError as error:
            errors[field] = str(error)
    if errors:
        raise InvalidParameters(name, errors)
    return values


def register(extra: Mapping[str, str]) -> None:
    """Add a host's own algorithms: name -> dotted path of an ``AlgorithmInfo`` (in a module without PyTorch).

    Called again it replaces what earlier calls added. Raises ImportError or ValueError naming the entry.
    """
    found = {name: _imported_info(name, path) for name, path in extra.items()}
    for name in [name for name in ALGORITHMS if name not in _BUILT_IN]:
        del ALGORITHMS[name]
    ALGORITHMS.update(found)


def _imported_info(name: str, path: str) -> AlgorithmInfo:
    if name in _BUILT_IN:
        raise ValueError(f"The algorithm name {name!r} is taken by a built-in one; choose another.")
    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ImportError(f"Algorithm {name!r}: cannot import {path!r}: {error}") from error
    if not isinstance(found, AlgorithmInfo) or found.name != name:
        raise ValueError(
            f"Algorithm {name!r}: {path!r} must be an AlgorithmInfo whose name is {name!r}, got {found!r}."
        )
    unknown = [role for role in found.roles if role not in ROLES]
    if unknown or not found.roles:
        raise ValueError(f"Algorithm {name!r}: got roles {found.roles}, allowed are {', '.join(ROLES)}.")
    return found
