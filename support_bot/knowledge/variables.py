"""Variables of answers: the closed list that the adapter gives, and the refusal of everything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..adapters import get_adapter
from ..conf import closest

# `{shop.name}`; a backslash before the brace makes it text, as everywhere in Markdown.
VARIABLE: Final = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)\}")
_BRACES: Final = re.compile(r"(?<!\\)\{([^{}\n]*)\}")
_TEMPLATE: Final = re.compile(r"(?<!\\)(\{\{|\{%|\{#)")


def known_variables() -> Mapping[str, str]:
    """The variables that an answer may use, with what each says: the adapter's ``VARIABLES``."""
    return get_adapter().VARIABLES


def used_variables(text: str) -> Iterator[str]:
    """What stands between braces in ``text``, in order, known or not."""
    for match in _BRACES.finditer(text):
        yield match[1]


def validate_variables(text: str) -> None:
    """Refuse every variable that the adapter does not know, and template syntax.

    Raises ``ValidationError`` (code ``variable`` or ``template``); its message lists what exists and the
    closest. Nothing is filled in here, so a text that passes can be stored as it is.
    """
    if template := _TEMPLATE.search(text):
        message = _("“%(got)s”: templates are not evaluated in answers. %(known)s")
        raise ValidationError(message, "template", {"got": template[1], "known": _known()})
    wrong = [name for name in dict.fromkeys(used_variables(text)) if name not in known_variables()]
    if wrong:
        message = _("Unknown variable {%(got)s}. %(closest)s %(known)s")
        hint = closest(wrong[0].strip(), known_variables())
        raise ValidationError(
            message, "variable", {"got": "}, {".join(wrong), "closest": hint, "known": _known()}
        )


def _known() -> str:
    names = ", ".join(f"{{{name}}}" for name in known_variables())
    return _("Variables: %(names)s. Write \\{ for a brace.") % {"names": names or "–"}
