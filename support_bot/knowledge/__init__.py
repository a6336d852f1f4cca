"""The FAQ: rendering of answers, variables, import and export, and what is wrong with its entries."""

from __future__ import annotations

from .collisions import Collision, collisions
from .exporting import export
from .importing import ImportReport, import_file, import_files
from .rendering import Rendered, render
from .rows import Problem
from .traffic import quiet_entries
from .variables import known_variables, validate_variables

__all__ = [
    "Collision",
    "ImportReport",
    "Problem",
    "Rendered",
    "collisions",
    "export",
    "import_file",
    "import_files",
    "known_variables",
    "quiet_entries",
    "render",
    "validate_variables",
]
