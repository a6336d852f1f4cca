"""Filters of the lists by what a column's codes mean, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin

from . import describe


class EmotionFilter(admin.AllValuesFieldListFilter):
    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": describe.emotion(str(choice["display"]))}


class ReasonFilter(admin.AllValuesFieldListFilter):
    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": describe.reason(str(choice["display"]))}
