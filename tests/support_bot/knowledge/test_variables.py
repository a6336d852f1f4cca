"""Only what the adapter supplies may stand between braces; the refusal lists what exists."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from support_bot.knowledge import known_variables, validate_variables


def test_everything_the_adapter_knows_may_be_used():
    validate_variables(" ".join(f"{{{name}}}" for name in known_variables()))
    validate_variables("no variable, a \\{brace} and a { alone")


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("{shop.nam}", "{shop.nam}"),
        ("{ shop.name }", "{ shop.name }"),
        ("{customer.password}", "{customer.password}"),
        ("{shop.name.__class__}", "{shop.name.__class__}"),
        ("{}", "{}"),
        ("{0}", "{0}"),
        ("{shop.name!r}", "{shop.name!r}"),
        ("{shop.name:>99}", "{shop.name:>99}"),
    ],
)
def test_anything_else_is_refused_with_the_list_of_what_exists(text, got):
    with pytest.raises(ValidationError) as refused:
        validate_variables(f"Before {text} after {{shop.name}}")

    assert refused.value.code == "variable"
    message = refused.value.messages[0]
    assert got in message
    assert all(f"{{{name}}}" in message for name in known_variables())


def test_the_closest_is_named():
    with pytest.raises(ValidationError, match=r"Closest valid value: 'shop\.name'"):
        validate_variables("{shop.nam}")


@pytest.mark.parametrize("text", ["{{ shop.name }}", "{{shop.name}}", "{% if x %}", "{# x #}"])
def test_templates_are_refused(text):
    with pytest.raises(ValidationError, match="templates are not evaluated") as refused:
        validate_variables(text)

    assert refused.value.code == "template"
