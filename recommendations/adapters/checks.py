"""System checks of how the shop is read: every model, path and condition in ``RECOMMENDATIONS["SHOP"]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.db import models, router
from django.db.models import Model
from django.utils.module_loading import import_string

from recommendations.checks import error, sqlite_warnings, warning
from recommendations.conf import closest, settings
from recommendations.models import ModelRun

from .declarative import DeclarativeAdapter
from .paths import Path, PathError, as_condition, field_names, lookups, resolve
from .presenting import is_currency_code
from .shop import KEYS, MODELS, PATH_LISTS, REQUIRED, as_paths, find_model

_TIMES: Final = (models.DateField, models.IntegerField, models.FloatField, models.DecimalField)
_NUMBERS: Final = (models.IntegerField, models.FloatField, models.DecimalField)
_ANY: Final = (models.Field,)
# Key -> the key of the model that its path starts from, and the fields that it may end at.
_PATHS: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "item_created": ("item", _TIMES),
    "item_brand": ("item", _ANY),
    "line_item": ("line", _ANY),
    "line_user": ("line", _ANY),
    "line_at": ("line", _TIMES),
    "line_quantity": ("line", _NUMBERS),
    "line_price": ("line", _NUMBERS),
    "line_order": ("line", _ANY),
    "line_return_of": ("line", _ANY),
    "rating_item": ("rating", _ANY),
    "rating_user": ("rating", _ANY),
    "rating_value": ("rating", _NUMBERS),
    "rating_at": ("rating", _TIMES),
}
_CONDITIONS: Final = {"item_available": "item", "item_excluded": "item", "line_filter": "line"}
_ATTRIBUTES: Final = ("item_title", "item_url", "item_image", "item_price", "currency")
_WITH_RATING: Final = ("rating_item", "rating_user", "rating_value")


def check_shop(**_kwargs: Any) -> list[CheckMessage]:
    """Everything in ``RECOMMENDATIONS["SHOP"]``, and the adapter that reads it."""
    shop = settings.SHOP
    found = [*_adapter(), *_keys(shop), *_value_types(shop)]
    owners, wrong_models = _models(shop)
    found += wrong_models
    if found:
        return found  # paths of a model that is not there say nothing new
    paths, wrong_paths = _resolved(shop, owners)
    found += wrong_paths
    for check in (_lists, _attributes, _conditions):
        found += check(shop, owners)
    found += _basket(shop)
    if not wrong_paths:
        found += [*_relations(shop, owners, paths), *_filters(owners["item"]), *_one_database(paths)]
        found += sqlite_warnings({router.db_for_read(owners["line"])} - {router.db_for_write(ModelRun)})
    return found


def _setting(key: str) -> str:
    return f'RECOMMENDATIONS["SHOP"]["{key}"]'


def _adapter() -> Iterator[CheckMessage]:
    try:
        adapter = import_string(settings.ADAPTER)
    except ImportError as failure:
        hint = closest(settings.ADAPTER, ["recommendations.adapters.DeclarativeAdapter"])
        yield error(101, f'RECOMMENDATIONS["ADAPTER"] is {settings.ADAPTER!r}: {failure}.', hint)
        return
    if not isinstance(adapter, type) or not issubclass(adapter, DeclarativeAdapter):
        message = f'RECOMMENDATIONS["ADAPTER"] is {settings.ADAPTER!r}, which is {adapter!r}.'
        yield error(101, message, "A subclass of recommendations.adapters.DeclarativeAdapter is needed.")


def _keys(shop: Mapping[str, Any]) -> Iterator[CheckMessage]:
    required = [*REQUIRED, *(_WITH_RATING if shop.get("rating") else ())]
    for key in required:
        if not shop.get(key):
            yield error(102, f"{_setting(key)} is missing.", "See the adapter page of the documentation.")
    for key in shop:
        if key not in KEYS:
            yield error(103, f'RECOMMENDATIONS["SHOP"] has an unknown key {key!r}.', closest(key, KEYS))
        elif key.startswith("rating_") and shop[key] and not shop.get("rating"):
            yield error(102, f"{_setting('rating')} is missing, but {key!r} is there.", "Name the model.")


def _value_types(shop: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key, value in shop.items():
        if value is None or key not in KEYS or key in _CONDITIONS:
            continue
        if key in PATH_LISTS:
            is_valid = isinstance(value, (str, list, tuple)) and all(isinstance(part, str) for part in value)
            needed = "a list of ORM paths"
        elif key == "basket":
            is_valid, needed = isinstance(value, str) or callable(value), "a callable or its dotted path"
        else:
            is_valid, needed = isinstance(value, str) or key in MODELS, "text"
        if not is_valid:
            yield error(104, f"{_setting(key)} is {value!r}.", f"The value is {needed}.")


def _models(shop: Mapping[str, Any]) -> tuple[dict[str, type[Model]], list[CheckMessage]]:
    owners: dict[str, type[Model]] = {}
    found: list[CheckMessage] = []
    for key in MODELS:
        if not shop.get(key):
            continue
        try:
            owners[key] = find_model(shop[key])
        except ImproperlyConfigured:
            labels = [model._meta.label for model in apps.get_models()]
            found.append(
                error(105, f"{_setting(key)} is {shop[key]!r}: no such model.", closest(shop[key], labels))
            )
            continue
        if isinstance(owners[key]._meta.pk, models.CompositePrimaryKey):
            message = f"{_setting(key)} is {shop[key]!r}, whose primary key has several columns."
            found.append(error(106, message, "Name a model whose primary key is one column."))
    return owners, found


def _resolved(
    shop: Mapping[str, Any], owners: Mapping[str, type[Model]]
) -> tuple[dict[str, Path], list[CheckMessage]]:
    paths: dict[str, Path] = {}
    found: list[CheckMessage] = []
    for key, (owner, allowed) in _PATHS.items():
        if shop.get(key) and owner in owners:
            try:
                paths[key] = resolve(owners[owner], shop[key])
            except PathError as failure:
                found.append(_no_path(_setting(key), failure))
                continue
            found += _path_fits(key, paths[key], allowed)
    return paths, found


def _no_path(where: str, failure: PathError) -> CheckMessage:
    message = f"{where} is {failure.path!r}: {failure.model._meta.label} has no field {failure.part!r}."
    return error(107, message, closest(failure.part, failure.choices))


def _path_fits(key: str, path: Path, allowed: tuple[Any, ...]) -> Iterator[CheckMessage]:
    if path.to_many:
        hint = "One row needs one value: take a path through foreign keys only."
        yield error(108, f"{_setting(key)} is {path.text!r}, which leads to many rows.", hint)
    elif allowed is not _ANY and (path.target or not isinstance(path.final, allowed)):
        kind = path.final.get_internal_type()
        needed = "a date, a time or epoch seconds" if allowed is _TIMES else "a number"
        yield error(
            109, f"{_setting(key)} is {path.text!r}, a {kind}.", f"A field holding {needed} is needed."
        )


def _lists(shop: Mapping[str, Any], owners: Mapping[str, type[Model]]) -> Iterator[CheckMessage]:
    for key in PATH_LISTS:
        for path in as_paths(shop.get(key)):
            try:
                resolve(owners["item"], path)
            except PathError as failure:
                yield _no_path(_setting(key), failure)


def _attributes(shop: Mapping[str, Any], owners: Mapping[str, type[Model]]) -> Iterator[CheckMessage]:
    for key in _ATTRIBUTES:
        path = shop.get(key)
        if not path or (key == "currency" and is_currency_code(path)):
            continue
        model: Any = owners["item"]
        for part in path.split("__"):
            if model is None or not _has(model, part):
                label = model._meta.label if model else "what stands before"
                message = f"{_setting(key)} is {path!r}: {label} has no field, property or method {part!r}."
                names = [name for name in dir(model) if not name.startswith("_")] if model else []
                yield error(110, message, closest(part, [*names, *(field_names(model) if model else [])]))
                break
            if part not in field_names(model):
                break  # a property: what it gives is not known here
            model = resolve(model, part).target


def _has(model: type[Model], name: str) -> bool:
    return hasattr(model, name) or name in field_names(model)


def _conditions(shop: Mapping[str, Any], owners: Mapping[str, type[Model]]) -> Iterator[CheckMessage]:
    for key, owner in _CONDITIONS.items():
        if shop.get(key):
            yield from _condition(_setting(key), owners[owner], shop[key])


def _condition(where: str, model: type[Model], value: Any) -> Iterator[CheckMessage]:
    try:
        condition = as_condition(value)
        for lookup, _value in lookups(condition):
            resolve(model, lookup.split("__")[0])
        model._default_manager.filter(condition)
    except PathError as failure:
        yield _no_path(where, failure)
    except (FieldError, TypeError, ValueError, ValidationError) as failure:
        yield error(111, f"{where} is {value!r}: {failure}", f"Lookups of {model._meta.label} are needed.")


def _filters(item: type[Model]) -> Iterator[CheckMessage]:
    for slug, fields in settings.PLACEMENTS.items():
        if isinstance(fields.get("filters"), Mapping):
            where = f'RECOMMENDATIONS["PLACEMENTS"][{slug!r}]["filters"]'
            yield from _condition(where, item, fields["filters"])


def _basket(shop: Mapping[str, Any]) -> Iterator[CheckMessage]:
    basket = shop.get("basket")
    if not isinstance(basket, str) or not basket:
        return
    try:
        found = import_string(basket)
    except ImportError as failure:
        yield error(112, f"{_setting('basket')} is {basket!r}: {failure}.", _closest_name(basket))
        return
    if not callable(found):
        yield error(112, f"{_setting('basket')} is {basket!r}, which is {found!r}.", "A callable is needed.")


def _closest_name(path: str) -> str:
    module, _, name = path.rpartition(".")
    try:
        return closest(name, [known for known in dir(import_module(module)) if not known.startswith("_")])
    except (ImportError, ValueError):
        return 'Give the dotted path of a callable(request), such as "shop.basket.item_keys".'


def _relations(
    shop: Mapping[str, Any], owners: Mapping[str, type[Model]], paths: Mapping[str, Path]
) -> Iterator[CheckMessage]:
    item = owners["item"]
    sold = paths["line_item"].target or item
    if shop.get("item_parent"):
        try:
            parent = resolve(sold, shop["item_parent"])
        except PathError as failure:
            yield _no_path(_setting("item_parent"), failure)
            return
        yield from _path_fits("item_parent", parent, _ANY)
        yield from _ends_at_item("item_parent", parent, item)
    else:
        yield from _ends_at_item("line_item", paths["line_item"], item)
    if "rating_item" in paths:
        yield from _ends_at_item("rating_item", paths["rating_item"], item)
    for key in ("line_user", "rating_user"):
        if key in paths and (target := paths[key].target) and target is not get_user_model():
            yield _not_the_account(key, paths[key], target)


def _ends_at_item(key: str, path: Path, item: type[Model]) -> Iterator[CheckMessage]:
    target = path.target
    if target is None or target._meta.concrete_model is item._meta.concrete_model or issubclass(item, target):
        return
    onward = [f.name for f in target._meta.get_fields() if f.many_to_one and f.related_model is item]
    hint = f"Go on to {item._meta.label}"
    hint += f', for example "{path.text}__{onward[0]}"' if onward else ""
    hint += f', or set "item_parent": "{onward[0]}" when these are variants of it.' if onward else "."
    yield error(113, f"{_setting(key)} is {path.text!r}, which ends at {target._meta.label}.", hint)


def _not_the_account(key: str, path: Path, target: type[Model]) -> CheckMessage:
    account = get_user_model()
    onward = [f.name for f in target._meta.get_fields() if f.concrete and f.related_model is account]
    message = f"{_setting(key)} is {path.text!r}, which ends at {target._meta.label}, not at the account."
    hint = f'Go on to it: "{path.text}__{onward[0]}"' if onward else f"Go on to {account._meta.label}"
    return warning(101, message, f"{hint}; or override the adapter's user_key().")


def _one_database(paths: Mapping[str, Path]) -> Iterator[CheckMessage]:
    for key, path in paths.items():
        aliases = sorted({router.db_for_read(model) for model in path.models})
        if len(aliases) > 1:
            message = f"{_setting(key)} is {path.text!r}, whose tables lie in {' and '.join(aliases)}."
            yield error(
                114, message, "One query reads one database: end the path at the key that is stored there."
            )
