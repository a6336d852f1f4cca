"""A wrong setting is named, with what was got and the closest valid value."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.db import connections
from django.test import override_settings

from recommendations.algorithms.catalogue import ALGORITHMS
from recommendations.checks import (
    MIDDLEWARE,
    check_databases,
    check_deployment,
    check_settings,
    sqlite_warnings,
)
from recommendations.conf import DEFAULTS, PLACEMENT_DEFAULTS, PLACEMENTS, STRATEGIES, settings

ALS = ALGORITHMS["als"]


def found(**changes: Any) -> list[tuple[str, str, str]]:
    """``(number, message, hint)`` of each finding for the sample shop's settings with ``changes``."""
    with override_settings(RECOMMENDATIONS={**django_settings.RECOMMENDATIONS, **changes}):
        return [(one.id.rpartition(".")[2], one.msg, one.hint) for one in check_settings()]


def only(findings: list[tuple[str, str, str]], number: str, *words: str) -> None:
    assert len(findings) == 1, findings
    assert findings[0][0] == number
    for word in words:
        assert word in " ".join(findings[0][1:])


def test_the_sample_shop_has_no_findings():
    assert [one for one in run_checks() if one.id.startswith("concierge_recommendations")] == []


@pytest.mark.parametrize(("value", "got"), [(None, "missing"), ([], "[]"), ("x", "'x'")])
def test_no_dict_at_all(value, got):
    with override_settings(RECOMMENDATIONS=value):
        messages = check_settings()

    assert [one.id for one in messages] == ["concierge_recommendations.E001"]
    assert got in messages[0].msg


def test_an_unknown_key_names_the_closest():
    only(found(GATE_TOLERENCE=0.1), "E002", "'GATE_TOLERENCE'", "'GATE_TOLERANCE'")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SHOP", []),
        ("ADAPTER", 1),
        ("PLACEMENTS", ["for-you"]),
        ("QUEUE", "gpu"),
        ("JOBS", None),
        ("STORAGE", None),
        ("ARTIFACT_DIR", 5),
        ("DATABASE", 1),
        ("GATE_TOLERANCE", "2%"),
        ("GATE_TOLERANCE", -0.1),
        ("GATE_TOLERANCE", True),
        ("GATE_TOLERANCE", float("nan")),
        ("AVAILABLE_TTL", 0),
        ("KEEP_RUNS", 0),
        ("KEEP_RUNS", 1.5),
        ("ALGORITHMS", ["als"]),
    ],
)
def test_a_value_of_the_wrong_type_is_shown_with_the_default(key, value):
    only(found(**{key: value}), "E003", f'"{key}"', repr(value), repr(DEFAULTS[key]))


def test_jobs_are_one_of_three():
    only(found(JOBS="celry"), "E004", "'celry'", "'celery'")


def test_celery_must_be_there_to_be_used(monkeypatch):
    monkeypatch.setattr("recommendations.checks.find_spec", lambda name: None)

    only(found(JOBS="celery"), "E004", "django-concierge[celery]")


@pytest.mark.parametrize(
    ("queue", "word"), [({"trian": "gpu"}, "'train'"), ({"train": 5}, "5"), ({"train": ""}, "''")]
)
def test_queues_are_named_for_known_kinds(queue, word):
    only(found(QUEUE=queue), "E005", word)


def test_aliases_must_exist():
    only(found(DATABASE="defualt"), "E006", "'defualt'", "'default'")
    only(found(STORAGE="defualt"), "E007", "'defualt'", "'default'")


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT"])
@pytest.mark.parametrize("key", ["ARTIFACT_DIR", "CACHE_DIR"])
def test_models_must_not_lie_where_files_are_served(tmp_path, name, key):
    with override_settings(**{name: str(tmp_path)}):
        only(found(**{key: tmp_path / "media" / ".." / "models"}), "E008", key, name, str(tmp_path))


@pytest.mark.parametrize(
    "path", ["no.such.thing", "recommendations.nothing", "recommendations.conf.STRATEGIES", "", 5]
)
def test_own_algorithms_must_be_importable(path):
    only(found(ALGORITHMS={"mine": path}), "E009", "'mine'", repr(path))


def test_an_algorithm_must_carry_its_own_name():
    path = "tests.checks.test_settings_checks.ALS"

    assert found(ALGORITHMS={"als": path}) == []
    only(found(ALGORITHMS={"other": path}), "E009", "whose name is 'other'")


def test_slugs_and_fields_of_placements():
    only(found(PLACEMENTS={"for_you": {}}), "E010", "'for_you'")
    only(found(PLACEMENTS={"for-you": []}), "E010", "'for-you'")
    only(found(PLACEMENTS={"for-you": {"strategy": ["new"]}}), "E011", "'strategy'", "'strategies'")
    only(found(PLACEMENTS={"for-you": {"strategies": ["personnal"]}}), "E013", "'personnal'", "'personal'")
    assert found(PLACEMENTS={"new": None}) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("strategies", "personal"),
        ("strategies", []),
        ("limit", 0),
        ("limit", 101),
        ("limit", "8"),
        ("filters", []),
        ("max_per_category", 0),
        ("mmr", 1.5),
        ("mmr", None),
    ],
)
def test_a_field_of_the_wrong_type(field, value):
    only(found(PLACEMENTS={"for-you": {field: value}}), "E012", f"'{field}'", repr(value))


def test_the_defaults_pass_their_own_check():
    assert (
        found(PLACEMENTS={slug: {**PLACEMENT_DEFAULTS, **fields} for slug, fields in PLACEMENTS.items()})
        == []
    )
    assert found(**{key: value for key, value in DEFAULTS.items() if key != "SHOP"}) == []


def test_personal_pages_need_the_middleware():
    with override_settings(MIDDLEWARE=[name for name in django_settings.MIDDLEWARE if name != MIDDLEWARE]):
        only(found(), "W001", MIDDLEWARE)


def a_database(**options: Any) -> Any:
    return {**connections["default"].settings_dict, "NAME": "shop.sqlite3", "OPTIONS": options}


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, ["journal_mode=WAL", '"IMMEDIATE"']),
        ({"init_command": "PRAGMA journal_mode=wal;"}, ['"IMMEDIATE"']),
        ({"transaction_mode": "IMMEDIATE"}, ["journal_mode=WAL"]),
        ({"init_command": "pragma journal_mode = WAL", "transaction_mode": "immediate"}, None),
    ],
)
def test_sqlite_must_let_readers_and_writers_work_side_by_side(monkeypatch, options, missing):
    monkeypatch.setattr(connections["default"], "settings_dict", a_database(**options))

    warnings = list(sqlite_warnings({"default"}))

    assert [one.id for one in warnings] == (["concierge_recommendations.W002"] if missing else [])
    for word in missing or []:
        assert word in warnings[0].hint


def test_a_database_in_memory_is_nobodys_bottleneck():
    assert check_databases() == []


def test_inline_jobs_are_for_tests():
    assert [one.id for one in check_deployment()] == ["concierge_recommendations.W003"]
    with override_settings(RECOMMENDATIONS={**django_settings.RECOMMENDATIONS, "JOBS": "process"}):
        assert check_deployment() == []


def test_checks_load_no_torch():
    code = (
        "import django; django.setup(); from django.core.checks import run_checks; run_checks(); import sys; "
    )
    code += "sys.exit('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]

    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.sample_settings"}

    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, env=environment)

    assert done.returncode == 0


def test_settings_are_read_lazily_and_again_when_overridden():
    with override_settings(
        RECOMMENDATIONS={"KEEP_RUNS": 3, "PLACEMENTS": {"for-you": {"limit": 4}, "new": None}}
    ):
        assert settings.KEEP_RUNS == 3
        assert settings.PLACEMENTS["for-you"]["limit"] == 4
        assert settings.PLACEMENTS["for-you"]["strategies"][0] == "personal"
        assert "new" not in settings.PLACEMENTS
    assert DEFAULTS["KEEP_RUNS"] == settings.KEEP_RUNS
    assert list(settings.PLACEMENTS) == list(PLACEMENTS)


def test_an_unknown_setting_lists_the_valid_ones():
    with pytest.raises(AttributeError, match="no 'KEEP_RUN'; it has SHOP, ADAPTER"):
        settings.KEEP_RUN


@pytest.mark.parametrize(
    "broken", [None, 3, [], {"PLACEMENTS": 5, "QUEUE": None, "SHOP": "x", "ALGORITHMS": 0}]
)
def test_broken_settings_still_read(broken):
    with override_settings(RECOMMENDATIONS=broken):
        assert list(settings.PLACEMENTS) == list(PLACEMENTS)
        assert settings.QUEUE == {"train": None, "light": None}
        assert (settings.SHOP, settings.ALGORITHMS) == ({}, {})


def test_every_default_placement_names_known_strategies():
    assert {name for fields in PLACEMENTS.values() for name in fields["strategies"]} == set(STRATEGIES)
