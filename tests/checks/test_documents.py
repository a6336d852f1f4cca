"""The settings and adapter pages name every setting, check, key and method that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recommendations.adapters import DeclarativeAdapter
from recommendations.adapters.shop import KEYS
from recommendations.conf import DEFAULTS, PLACEMENT_DEFAULTS, STRATEGIES

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
ADAPTER = (ROOT / "docs" / "adapter.md").read_text()
INNER = {"shop", "variants", "accounts"}  # what the methods share, no hooks


@pytest.mark.parametrize("name", [*DEFAULTS, *PLACEMENT_DEFAULTS, *STRATEGIES])
def test_every_setting_is_on_the_settings_page(name):
    assert f"`{name}`" in SETTINGS


def test_every_check_is_on_the_settings_page_and_no_other():
    documented = re.findall(r"^\| ([EW]\d{3}) \|", SETTINGS, re.MULTILINE)
    sources = [ROOT / "recommendations" / "checks.py", ROOT / "recommendations" / "adapters" / "checks.py"]
    code = "\n".join(path.read_text() for path in sources)
    raised = re.findall(r"\b(error|warning)\(\s*(\d+),", code)

    assert set(documented) == {
        f"{'E' if kind == 'error' else 'W'}{int(number):03}" for kind, number in raised
    }


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_shop_is_on_the_adapter_page(key):
    assert f"`{key}`" in ADAPTER


def test_every_method_is_on_the_adapter_page_and_says_when_to_override_it():
    public = {name for name in vars(DeclarativeAdapter) if not name.startswith("_")} - INNER
    documented = set(re.findall(r"`(\w+)\([^`]*\)`", ADAPTER.split("| method |")[1].split("\n\n")[0]))

    assert documented == public
    assert all(getattr(DeclarativeAdapter, name).__doc__ for name in public)
