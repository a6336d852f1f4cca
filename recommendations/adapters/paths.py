"""ORM paths such as ``order__user``: what they lead to, or which part is wrong and what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, JSONField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.fields.reverse_related import ForeignObjectRel

from recommendations.conf import closest


class PathError(ValueError):
    """A path that a model does not have; ``part`` was not found, ``choices`` would have been."""

    def __init__(self, model: type[Model], path: str, part: str, choices: Sequence[str]) -> None:
        self.model, self.path, self.part, self.choices = model, path, part, choices
        super().__init__(f"{path!r}: {model._meta.label} has no field {part!r}. {closest(part, choices)}")


@dataclass(frozen=True, slots=True)
class Path:
    """A resolved path: the fields passed through, the last of them, and whether one leads to many rows."""

    text: str
    steps: tuple[Any, ...]
    final: Any
    to_many: bool

    @property
    def target(self) -> type[Model] | None:
        """The model that the path ends at; None when it ends at a plain field."""
        return self.final.related_model if self.final.is_relation else None

    @property
    def key_path(self) -> str:
        """The path of the primary key of what it ends at, where a foreign key stores another field."""
        if self.target is None or self.to_many or self.final.target_field.primary_key:
            return self.text
        return f"{self.text}__pk"

    @property
    def models(self) -> list[type[Model]]:
        """Every model whose table a query of this path reads."""
        return [step.model for step in self.steps]


def resolve(model: type[Model], path: str) -> Path:
    """Follow ``path`` from ``model``; :class:`PathError` names the first part that does not exist."""
    return _resolved(model, str(path))


@cache  # asked several times for each page that a shop serves
def _resolved(model: type[Model], path: str) -> Path:
    steps: list[Any] = []
    at: type[Model] | None = model
    parts = path.split("__")
    for position, part in enumerate(parts):
        if at is None and isinstance(steps[-1], JSONField):
            break  # what follows are keys inside the JSON value
        if at is None:
            raise PathError(steps[-1].model, path, part, [])
        field = _field(at, path, part)
        steps.append(field)
        at = field.related_model if field.is_relation and position < len(parts) - 1 else None
    to_many = any(step.one_to_many or step.many_to_many for step in steps)
    return Path(path, tuple(steps), steps[-1], to_many)


@cache
def is_column(model: type[Model], path: str) -> bool:
    """True when ``path`` can be read by a query; False for a property, a method and what does not exist."""
    try:
        return not resolve(model, path).to_many
    except PathError:
        return False


def _field(model: type[Model], path: str, name: str) -> Any:
    if name == "pk":
        return model._meta.pk
    try:
        field = model._meta.get_field(name)
        if not _is_generic(field):
            return field
    except FieldDoesNotExist:
        pass
    raise PathError(model, path, name, field_names(model))


def _is_generic(field: Any) -> bool:
    """True for a generic foreign key, which no query can read."""
    return bool(field.is_relation and field.related_model is None)


def field_names(model: type[Model]) -> list[str]:
    """What a path may continue with from ``model``."""
    return [field.name for field in model._meta.get_fields() if not _is_generic(field)]


def plain_field(field: Any) -> Any:
    """The field whose values a key holds: a foreign key's or an inherited key's own column followed home."""
    while field.is_relation:
        field = field.field.model._meta.pk if isinstance(field, ForeignObjectRel) else field.target_field
    return field


def as_condition(value: Any) -> Q:
    """One ``Q`` of a dict of lookups, a ``Q``, or a list of them (all must hold); empty means everything."""
    if not value:
        return Q()
    if isinstance(value, Mapping):
        return Q(**value)
    if isinstance(value, Q):
        return value
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"a dict of lookups, a Q or a list of them is needed, got {value!r}")
    return Q(*[as_condition(part) for part in value])


def lookups(condition: Q) -> Iterator[tuple[str, Any]]:
    """Each ``(path with lookup, value)`` inside a ``Q``."""
    for child in condition.children:
        if isinstance(child, Q):
            yield from lookups(child)
        elif isinstance(child, tuple):
            yield child


def matching(model: type[Model], condition: Q) -> QuerySet[Any]:
    """The rows of ``model``'s default manager that meet ``condition``, each once."""
    found = model._default_manager.filter(condition)
    if any(_leads_to_many(model, lookup) for lookup, _value in lookups(condition)):
        found = model._default_manager.filter(pk__in=found.order_by().values("pk"))
    return found


@cache
def _leads_to_many(model: type[Model], lookup: str) -> bool:
    parts = lookup.split("__")
    for end in range(len(parts), 0, -1):
        try:
            return resolve(model, "__".join(parts[:end])).to_many
        except PathError:
            continue
    return False


def first_value(model: type[Model], path: str) -> Combinable:
    """An expression for one value of ``path`` per row: the first in order where it leads to many."""
    if not resolve(model, path).to_many:
        return F(path)
    values = model._default_manager.filter(pk=OuterRef("pk"), **{f"{path}__isnull": False})
    return Subquery(values.order_by(path).values(path)[:1])
