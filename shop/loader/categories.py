"""The category tree: department, category, type, under names that a person would read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from shop import naming
from shop.loader.source import LEVELS
from shop.models import Category

Path = tuple[str, str | None, str | None]


def path_of(row: dict[str, Any]) -> Path:
    """Department, category and type of a product as the source names them."""
    return row["department"], row["product_category"], row["product_type"]


@transaction.atomic
def write_categories(rows: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> dict[Path, int]:
    """The primary key of each wanted row's node, made where it is missing; none without a category.

    Types that read alike share a node. Slugs are chosen over the whole source, so that they do not depend on
    what was loaded first.
    """
    slugs = _slugs(rows)
    nodes = dict(Category.objects.values_list("path", "pk"))
    branches = {path: list(_branch(path)) for path in dict.fromkeys(map(path_of, wanted))}
    for level in range(len(LEVELS)):
        missing: dict[str, Category] = {}
        for names, source_name in (branch[level] for branch in branches.values() if len(branch) > level):
            where = _joined(names)
            if where not in nodes and where not in missing:
                missing[where] = Category(
                    parent_id=nodes.get(_joined(names[:-1])),
                    name=names[-1],
                    slug=slugs[where],
                    path=where,
                    level=level,
                    source_name=source_name,
                )
        made = Category.objects.bulk_create(missing.values())
        nodes |= {node.path: node.pk for node in made}
    return {path: nodes[_joined(branch[-1][0])] for path, branch in branches.items() if branch}


def _branch(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """The names from the root to each node on ``path``, with the node's name in the source."""
    department, category, kind = path
    if not department or not category:
        return
    names: tuple[str, ...] = (naming.department(department),)
    yield names, department
    names += (naming.category(category),)
    yield names, category
    if kind:
        yield (*names, naming.product_type(category, kind, department)), kind


def _joined(names: tuple[str, ...]) -> str:
    return "/".join(slugify(name) or "other" for name in names)


def _slugs(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The shortest free ending of each node's path, roots first: ``yogurt``, then ``yogurt-yogurt``."""
    paths = {_joined(names) for path in set(map(path_of, rows)) for names, _ in _branch(path)}
    taken: dict[str, str] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), path)):
        parts = path.split("/")
        endings = ("-".join(parts[-length:]) for length in range(1, len(parts) + 1))
        slug = next((ending for ending in endings if ending not in taken), f"{'-'.join(parts)}-{len(taken)}")
        taken[slug] = path
    return {path: slug for slug, path in taken.items()}
