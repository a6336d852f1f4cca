"""System checks of the settings: each names the setting, what was got and the closest valid value.

Ids ``concierge_recommendations.E0xx`` are these, ``E1xx`` those of ``RECOMMENDATIONS["SHOP"]`` in
``adapters/checks.py``. None of them reads the database or loads PyTorch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from .conf import (
    DEFAULTS,
    JOB_MODES,
    MAX_LIMIT,
    PLACEMENT_DEFAULTS,
    STRATEGIES,
    closest,
    host_settings,
    settings,
)
from .models import ModelRun

PREFIX: Final = "concierge_recommendations"
MIDDLEWARE: Final = "recommendations.middleware.PersonalPages"


def error(number: int, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"{PREFIX}.E{number:03}")


def warning(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"{PREFIX}.W{number:03}")


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Everything in ``RECOMMENDATIONS`` but ``SHOP``."""
    value = getattr(django_settings, "RECOMMENDATIONS", None)
    if not isinstance(value, Mapping):
        got = "missing" if value is None else f"{value!r}"
        hint = 'Set RECOMMENDATIONS = {"SHOP": {…}}: the settings page of the documentation has an example.'
        return [error(1, f"RECOMMENDATIONS is {got}; a dict is needed.", hint)]
    found = [*_unknown_keys(value), *_wrong_types(value)]
    if not found:
        for check in (_jobs, _queue, _aliases, _folders, _algorithms, _placements, _middleware):
            found += check()
    return found


def check_databases(**_kwargs: Any) -> list[CheckMessage]:
    """SQLite must let readers and writers work side by side."""
    return list(sqlite_warnings({router.db_for_write(ModelRun)}))


def check_deployment(**_kwargs: Any) -> list[CheckMessage]:
    """What is fine for a test and wrong on a server."""
    if settings.JOBS != "inline":
        return []
    hint = 'Use "process" (no broker needed) or "celery".'
    return [warning(3, 'RECOMMENDATIONS["JOBS"] is "inline": trainings run inside web requests.', hint)]


def _unknown_keys(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key in value:
        if key not in DEFAULTS:
            yield error(2, f"RECOMMENDATIONS has an unknown key {key!r}.", closest(key, DEFAULTS))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_TYPES: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "SHOP": (lambda value: isinstance(value, Mapping), "a dict"),
    "ADAPTER": (lambda value: isinstance(value, str), "a dotted path"),
    "PLACEMENTS": (lambda value: isinstance(value, Mapping), "a dict of slug to dict"),
    "QUEUE": (lambda value: isinstance(value, Mapping), 'a dict such as {"train": None, "light": None}'),
    "JOBS": (lambda value: isinstance(value, str), "one of " + ", ".join(JOB_MODES)),
    "STORAGE": (lambda value: isinstance(value, str), "an alias of STORAGES"),
    "ARTIFACT_DIR": (lambda value: value is None or isinstance(value, (str, Path)), "a path"),
    "CACHE_DIR": (lambda value: value is None or isinstance(value, (str, Path)), "a path"),
    "DATABASE": (lambda value: value is None or isinstance(value, str), "an alias of DATABASES, or None"),
    "GATE_TOLERANCE": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "AVAILABLE_TTL": (lambda value: _is_number(value) and value > 0, "a number of seconds above 0"),
    "KEEP_RUNS": (_is_count, "a whole number from 1 up"),
    "ALGORITHMS": (lambda value: isinstance(value, Mapping), "a dict of name to dotted path"),
}


def _wrong_types(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key, (is_valid, needed) in _TYPES.items():
        if key in value and not is_valid(value[key]):
            message = f'RECOMMENDATIONS["{key}"] is {value[key]!r}; {needed} is needed.'
            yield error(3, message, f"The default is {DEFAULTS[key]!r}.")


def _jobs() -> Iterator[CheckMessage]:
    if settings.JOBS not in JOB_MODES:
        yield error(4, f'RECOMMENDATIONS["JOBS"] is {settings.JOBS!r}.', closest(settings.JOBS, JOB_MODES))
    elif settings.JOBS == "celery" and find_spec("celery") is None:
        hint = 'Install django-concierge[celery], or use "process", which needs no broker.'
        yield error(4, 'RECOMMENDATIONS["JOBS"] is "celery", but celery is not installed.', hint)


def _queue() -> Iterator[CheckMessage]:
    for kind, name in settings.QUEUE.items():
        where = f'RECOMMENDATIONS["QUEUE"][{kind!r}]'
        if kind not in DEFAULTS["QUEUE"]:
            yield error(5, f"{where} is not a kind of job.", closest(kind, DEFAULTS["QUEUE"]))
        elif name is not None and (not isinstance(name, str) or not name):
            hint = "Name a queue, or None for your project's own routing."
            yield error(5, f"{where} is {name!r}; the name of a queue or None is needed.", hint)


def _aliases() -> Iterator[CheckMessage]:
    if settings.DATABASE is not None and settings.DATABASE not in connections:
        message = f'RECOMMENDATIONS["DATABASE"] is {settings.DATABASE!r}, which is not in DATABASES.'
        yield error(6, message, closest(settings.DATABASE, connections))
    # The default alias may be missing: files then go to ARTIFACT_DIR.
    if DEFAULTS["STORAGE"] != settings.STORAGE and settings.STORAGE not in django_settings.STORAGES:
        message = f'RECOMMENDATIONS["STORAGE"] is {settings.STORAGE!r}, which is not in STORAGES.'
        yield error(7, message, closest(settings.STORAGE, [*django_settings.STORAGES, DEFAULTS["STORAGE"]]))


def _folders() -> Iterator[CheckMessage]:
    """Factors are personal data: no web server may hand them out."""
    for key in ("ARTIFACT_DIR", "CACHE_DIR"):
        folder = Path(getattr(settings, key)).resolve()
        for name in ("MEDIA_ROOT", "STATIC_ROOT"):
            root = getattr(django_settings, name, None)
            if root and folder.is_relative_to(Path(root).resolve()):
                message = f'RECOMMENDATIONS["{key}"] is {str(folder)!r}, inside {name} ({root}).'
                yield error(8, message, "Models hold personal data: choose a folder that is not served.")


def _algorithms() -> Iterator[CheckMessage]:
    for name, path in settings.ALGORITHMS.items():
        where = f'RECOMMENDATIONS["ALGORITHMS"][{name!r}]'
        try:
            info = import_string(path)
        except (ImportError, AttributeError, TypeError) as failure:
            yield error(9, f"{where} is {path!r}: {failure}.", "Name an AlgorithmInfo by its dotted path.")
            continue
        if type(info).__name__ != "AlgorithmInfo" or info.name != name:
            message = f"{where} is {path!r}, which is {info!r}."
            yield error(9, message, f"An AlgorithmInfo whose name is {name!r} is needed.")


def _placements() -> Iterator[CheckMessage]:
    for slug, fields in host_settings().get("PLACEMENTS", {}).items():
        where = f'RECOMMENDATIONS["PLACEMENTS"][{slug!r}]'
        if not isinstance(slug, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 60:
            yield error(10, f"{where}: {slug!r} is not a slug.", "Small letters, digits and single hyphens.")
        elif fields is not None and not isinstance(fields, Mapping):
            yield error(10, f"{where} is {fields!r}.", "A dict of fields is needed, or None to remove it.")
        else:
            yield from _placement(where, fields or {})


_FIELD_TYPES: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "title": (lambda value: isinstance(value, (str, Promise)), "text"),
    "strategies": (lambda value: isinstance(value, (list, tuple)) and bool(value), "a list of strategies"),
    "limit": (lambda value: _is_count(value) and value <= MAX_LIMIT, f"a whole number from 1 to {MAX_LIMIT}"),
    "filters": (lambda value: isinstance(value, Mapping), "a dict of lookups of the item"),
    "max_per_category": (
        lambda value: value is None or _is_count(value),
        "a whole number from 1 up, or None",
    ),
    "mmr": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
}


def _placement(where: str, fields: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name, value in fields.items():
        if name not in _FIELD_TYPES:
            yield error(11, f"{where} has an unknown field {name!r}.", closest(name, _FIELD_TYPES))
            continue
        is_valid, needed = _FIELD_TYPES[name]
        if not is_valid(value):
            default = PLACEMENT_DEFAULTS.get(name)
            yield error(
                12, f"{where}[{name!r}] is {value!r}; {needed} is needed.", f"The default is {default!r}."
            )
        elif name == "strategies":
            for strategy in value:
                if strategy not in STRATEGIES:
                    message = f"{where} names an unknown strategy {strategy!r}."
                    yield error(13, message, closest(strategy, STRATEGIES))


def _middleware() -> Iterator[CheckMessage]:
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        hint = f'Add "{MIDDLEWARE}" to MIDDLEWARE, after the session middleware.'
        yield warning(1, "Personal pages may be stored by shared caches: the middleware is missing.", hint)


def sqlite_warnings(aliases: set[str]) -> Iterator[CheckMessage]:
    """A warning for each SQLite file whose readers and writers block each other."""
    for alias in sorted(aliases & set(connections)):
        connection = connections[alias]
        options = connection.settings_dict.get("OPTIONS", {})
        if connection.vendor != "sqlite" or _is_in_memory(str(connection.settings_dict.get("NAME"))):
            continue
        missing = []
        if not re.search(r"journal_mode\s*=\s*wal", str(options.get("init_command", "")), re.IGNORECASE):
            missing.append('"init_command": "PRAGMA journal_mode=WAL;"')
        if str(options.get("transaction_mode", "")).upper() not in ("IMMEDIATE", "EXCLUSIVE"):
            missing.append('"transaction_mode": "IMMEDIATE"')
        if missing:
            message = f'DATABASES["{alias}"] is SQLite, where a training can hold up a checkout.'
            yield warning(2, message, f"Add {' and '.join(missing)} to its OPTIONS.")


def _is_in_memory(name: str) -> bool:
    return name in ("", ":memory:") or "mode=memory" in name
