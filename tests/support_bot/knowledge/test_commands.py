"""``support_bot_import`` and ``support_bot_export`` in a terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from support_bot.models import Entry

from ..conftest import ENGLISH, SAMPLE_FAQ

pytestmark = pytest.mark.django_db


def command(name: str, *args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(name, *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_files_are_imported_and_a_second_run_says_unchanged():
    files = [str(SAMPLE_FAQ / "en.md"), str(SAMPLE_FAQ / "zh-hans.md")]

    assert command("support_bot_import", *files)[0] == "148 created.\n"
    assert command("support_bot_import", *files)[0] == "148 unchanged.\n"


def test_errors_are_listed_by_file_and_line_and_the_exit_code_is_one(tmp_path):
    file = tmp_path / "faq.md"
    file.write_text("## A?\nslug: a\nskil: x\n\n{nonsense}\n")
    err = StringIO()

    with pytest.raises(CommandError, match="2 errors; nothing was imported") as refused:
        call_command("support_bot_import", str(file), language="en", stderr=err)

    assert refused.value.returncode == 1
    assert [line.partition(": ")[0] for line in err.getvalue().splitlines()] == ["faq.md:3", "faq.md:5"]
    assert not Entry.objects.exists()


def test_an_adapter_that_is_broken_is_named(settings):
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "ADAPTER": "no.such.Adapter"}

    with pytest.raises(CommandError, match=r"no\.such\.Adapter.*manage\.py check"):
        command("support_bot_import", str(SAMPLE_FAQ / "en.md"))


def test_a_dry_run_says_what_would_be(tmp_path):
    file = tmp_path / "faq.md"
    file.write_text("## A?\nslug: a\n\nb\n")

    assert (
        command("support_bot_import", str(file), "--language", "en", "--dry-run")[0]
        == "Would be: 1 created.\n"
    )
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("name", "start"), [("x.md", "language: en"), ("x.csv", "\ufeffslug,"), ("x.json", "[\n")]
)
def test_the_faq_is_exported_to_a_file_in_the_format_of_its_name(faq, tmp_path, name, start):
    target = tmp_path / name

    _out, err = command("support_bot_export", str(target), "--language", "en")

    assert target.read_text(encoding="utf-8").startswith(start)
    assert err == f"8 entries to {target}.\n"


def test_or_to_the_terminal(faq):
    out, _err = command("support_bot_export", "--language", "en")

    assert out == ENGLISH


def test_a_wrong_language_or_place_is_named(tmp_path):
    with pytest.raises(CommandError, match="'zh-hans'") as refused:
        command("support_bot_export", "--language", "zh-hnas")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="cannot be written"):
        command("support_bot_export", str(tmp_path / "no" / "folder.md"))
