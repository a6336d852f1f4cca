"""A file is taken whole or not at all, in any of three formats, and every bad row is listed with its line."""

from __future__ import annotations

import json
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.db import IntegrityError

from support_bot.knowledge import export, import_file, import_files
from support_bot.models import Category, Entry, Phrasing

from ..conftest import CHINESE, ENGLISH, SAMPLE_FAQ

pytestmark = pytest.mark.django_db

ONE = "# returns: Returns\n\n## How do I return it?\nslug: returns\nphrasing: send it back\n\nLike this.\n"


def run(text: str | bytes, name: str = "en.md", **options):
    stream = BytesIO(text) if isinstance(text, bytes) else StringIO(text)
    return import_file(stream, name=name, **options)


def counts(report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.removed


def complaints(report) -> list[tuple[int, str]]:
    return [(line, message) for line, message, _file in report.errors]


def everything() -> list[tuple]:
    """All that a file can say of the FAQ, as it lies in the database."""
    return [
        (
            *(
                getattr(entry, name)
                for name in ("slug", "language", "question", "answer", "skill", "audience")
            ),
            *(getattr(entry, name) for name in ("condition", "is_published", "active_from", "active_until")),
            entry.category and (entry.category.slug, entry.category.titles),
            [phrasing.text for phrasing in entry.phrasings.all()],
        )
        for entry in Entry.objects.order_by("language", "category__position", "position", "slug")
    ]


def test_a_markdown_heading_is_a_question():
    report = run(ONE)

    assert counts(report) == (1, 0, 0, 0)
    entry = Entry.objects.get()
    assert (entry.slug, entry.language, entry.question) == ("returns", "en", "How do I return it?")
    assert entry.answer == "Like this."
    assert entry.category.title("en") == "Returns"
    assert [phrasing.source for phrasing in entry.phrasings.all()] == ["imported"]


def test_the_simplest_file_is_a_heading_and_a_text():
    report = run("## Where are you?\nIn Springfield.\n\n## Are you open?\n\nYes.")

    assert report.ok
    assert list(Entry.objects.values_list("slug", "answer")) == [
        ("where-are-you", "In Springfield."),
        ("are-you-open", "Yes."),
    ]


def test_the_same_file_again_changes_nothing(django_assert_max_num_queries):
    run(ENGLISH)
    before = list(Entry.objects.values_list("pk", "updated_at"))

    with django_assert_max_num_queries(10):
        report = run(ENGLISH)

    assert counts(report) == (0, 0, 8, 0)
    assert list(Entry.objects.values_list("pk", "updated_at")) == before


def test_the_sample_shops_faq_is_imported_by_a_handful_of_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        report = import_files([SAMPLE_FAQ / "en.md", SAMPLE_FAQ / "zh-hans.md"])

    assert (counts(report), report.errors, report.warnings) == ((148, 0, 0, 0), [], [])
    assert Phrasing.objects.count() == 740
    assert counts(import_files([SAMPLE_FAQ / "en.md", SAMPLE_FAQ / "zh-hans.md"])) == (0, 0, 148, 0)


def test_a_changed_row_updates_its_entry_alone():
    run(ENGLISH)
    stamps = dict(Entry.objects.values_list("slug", "updated_at"))

    report = run(
        ENGLISH.replace("It is free.", "It is **free**.").replace("phrasing: waiting", "phrasing: awaiting")
    )

    assert counts(report) == (0, 2, 6, 0)
    changed = {one.slug for one in Entry.objects.all() if one.updated_at > stamps[one.slug]}
    assert changed == {"delivery-cost", "refund-time"}
    assert Entry.objects.get(slug="delivery-cost").answer == "It is **free**."
    texts = Entry.objects.get(slug="refund-time").phrasings.values_list("text", flat=True)
    assert list(texts) == ["how long does a refund take", "awaiting for my refund"]


def test_phrasings_that_people_added_survive_an_import_of_the_old_file():
    run(ONE)
    entry = Entry.objects.get()
    for source in ("written", "conversation"):
        Phrasing.objects.create(entry=entry, text=f"by {source}", source=source)

    report = run(ONE.replace("send it back", "give it back"))

    assert counts(report) == (0, 1, 0, 0)
    assert {one.text for one in entry.phrasings.all()} == {"by written", "by conversation", "give it back"}


def test_replace_makes_the_file_all_there_is_in_its_languages():
    import_files([("en.md", StringIO(ENGLISH)), ("zh-hans.md", StringIO(CHINESE))])
    Phrasing.objects.create(entry=Entry.objects.get(slug="start-return", language="en"), text="added by hand")

    report = run(
        "## Which cards?\nslug: payment-cards\n\nAll.\n\n## How do I return?\nslug: start-return\n\nSo.",
        replace=True,
    )

    assert counts(report) == (0, 2, 0, 6)
    kept = Entry.objects.filter(language="en")
    assert list(kept.values_list("slug", flat=True)) == ["payment-cards", "start-return"]
    assert not Phrasing.objects.filter(entry__language="en").exists()
    assert Entry.objects.filter(language="zh-hans").count() == 8


@pytest.mark.parametrize("text", ["", "\n\n", "language: en\n", "[]"])
def test_replacing_by_nothing_is_refused(text):
    run(ONE)

    report = run(text, name="en.json" if text == "[]" else "en.md", replace=True)

    assert "nothing is replaced" in report.errors[0].message
    assert Entry.objects.count() == 1


def test_a_dry_run_tells_and_stores_nothing():
    run(ONE)

    report = run(ENGLISH + "\n" + ONE, dry_run=True)

    assert counts(report) == (8, 0, 1, 0)
    assert report.dry_run
    assert Entry.objects.count() == 1
    assert list(Category.objects.values_list("slug", flat=True)) == ["returns"]


@pytest.mark.parametrize("format", ["markdown", "csv", "json"])
def test_what_is_exported_goes_in_again_unchanged(format, sample_faq):
    Entry.objects.filter(slug="order-history").update(
        is_published=False, active_from="2026-01-01T00:00:00Z", active_until="2026-12-31T23:30:00+02:00"
    )
    tricky = sample_faq["delivery-fee", "en"]
    tricky.answer = (
        '- a list, "quoted"; | pipes |\n\n\n    code\n\n'
        "```\n# no heading\n## no question\n```\n\n    phrasing: x"
    )
    tricky.category = None
    tricky.full_clean()
    tricky.save()
    for text in ("=HYPERLINK(1)", "a | b", r"a \| b", "'=x", "+1", 'say "hi", please', "emoji 🙂", "#1"):
        Phrasing.objects.create(entry=tricky, text=text)
    before = everything()
    text = export(format)

    assert counts(run(text, name=f"all.{format}", format=format)) == (0, 0, 148, 0)
    Entry.objects.all().delete()
    Category.objects.all().delete()
    report = run(text.encode(), name=f"all.{format}", format=format)

    assert (report.errors, report.created) == ([], 148)
    assert everything() == before
    assert export(format) == text


@pytest.mark.parametrize("file", ["en.md", "zh-hans.md"])
def test_the_sample_shops_files_come_out_as_they_were_written(file, sample_faq):
    text = export("markdown", Entry.objects.filter(language=Path(file).stem))

    assert text.partition("\n\n")[2] == (SAMPLE_FAQ / file).read_text()


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("format", ["markdown", "csv", "json"])
def test_line_ends_and_byte_order_marks_do_not_matter(ending, mark, format, faq):
    text = export(format).removeprefix("\ufeff").replace("\r\n", "\n").replace("\n", ending)

    report = run(mark + text.encode(), name=f"all.{format}", format=format)

    assert (report.errors, counts(report)) == ([], (0, 0, 16, 0))


def test_spreadsheets_that_use_semicolons_or_tabs_are_read():
    for delimiter in ";\t":
        text = (
            delimiter.join(["slug", "Question", "ANSWER"]) + "\n" + delimiter.join(["a", "Why?", "So, so."])
        )

        assert run(text, name="en.csv").ok
        assert Entry.objects.get().answer == "So, so."


def test_a_column_that_is_not_there_leaves_things_as_they_are(faq):
    report = run("slug,question,answer\nwhere-is-my-order,Where is it?,On its way.\n", name="en.csv")

    entry = Entry.objects.get(slug="where-is-my-order", language="en")
    assert counts(report) == (0, 1, 0, 0)
    assert (entry.question, entry.skill, entry.category.slug) == ("Where is it?", "order_status", "orders")
    assert entry.phrasings.count() == 2


BAD_MARKDOWN = """\
# returns: Returns

## Fine?
slug: fine

Yes.

## No answer?
slug: no-answer
skill: order_statuss

## Again?
slug: fine
audiance: everyone

Text.

## Variables?
slug: variables
condition: contry=US
active_until: tomorrow
published: maybe

Hello {customer.firstname}

# Bad category name

## ?

No slug can be made of it.
"""


def test_every_bad_row_is_listed_with_its_line_and_nothing_is_stored():
    report = run(BAD_MARKDOWN)

    found = complaints(report)
    assert [line for line, _ in found] == [8, 10, 13, 14, 20, 21, 22, 24, 26, 28]
    words = ["blank", "'order_status'", "line 3", "'audience'", "'country'", "2026-12-31", "yes or no"]
    words += ["{shop.name}", "# returns: Returns and refunds", "slug"]
    for (_line, message), word in zip(found, words, strict=True):
        assert word in message
    assert not Entry.objects.exists()
    assert not Category.objects.exists()


def test_bad_cells_are_listed_with_their_lines():
    text = (
        "slug,language,question,answer,category,audience,phrasings\n"
        'a,en,"A question\nof two lines","An\nanswer",,,one | two\n'
        "b,xx,Question,Answer,,,\n"
        "c,en,Question,Answer,retruns,,\n"
        "d,en,Question,Answer,,members,\n"
        "e,en,Question,Answer\n"
        ",,,,,,\n"
        f"f,en,{'q' * 301},{'a' * 20_001},,,{'p' * 301}\n"
    )
    Category.objects.create(slug="returns")

    found = complaints(run(text, name="faq.csv"))

    assert [line for line, _ in found] == [5, 6, 7, 8, 10, 10, 10]
    words = ["xx", "'returns'", "logged_in", "4 cells; the first line has 7", "300", "20001", "300"]
    assert all(any(word in message for _line, message in found) for word in words)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("slug,qestion,answer\na,b,c", 1, "'question'"),
        ("slug,answer\na,b", 1, "no column “question”"),
        ("slug,slug,question,answer\na,b,c,d", 1, "twice"),
        ('question,answer\n"open,b\nc,d', 2, "quotes"),
        (f'question,answer\nfine,fine\na,"{"x" * 140_000}"', 3, "field larger than field limit"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(text, line, words):
    found = complaints(run(text, name="en.csv"))

    assert any(at == line and words in message for at, message in found), found
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{}", 1, "list of objects"),
        ('[\n {"question": "a", "answer": "b"},\n {"question": }\n]', 3, "no JSON"),
        ('[\n {"question": "a", "answer": "b"}\n', 3, "does not end"),
        ('[\n {"question": "a", "answer": "b"}\n] 5', 3, "does not end"),
        ('[{"question": "a", "answer": "b"},\n 5]', 2, "object is needed"),
        ('[\n{"question": "a",\n "answer": ["b"]}]', 2, "“answer”"),
        ('[{"question": "a", "answer": "b", "phrasings": "c"}]', 1, "list of texts"),
        ('[{"question": "a", "answer": "b", "phrases": []}]', 1, "'phrasings'"),
        ("[" * 100_000, 1, "no JSON"),
        ('[{"question": "a", "answer": ' + "9" * 5_000 + "}]", 1, "no JSON"),
        ('[{"question": "a", "answer": "\\ud800"}]', 1, "“\\ud800” is half a character"),
    ],
)
def test_json_that_cannot_be_read_says_where(text, line, words):
    found = complaints(run(text, name="en.json"))

    assert any(at == line and words in message for at, message in found), found
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        ("## Question?\n\nanswer".encode("utf-16"), 1, "UTF-16"),
        ("## Question?\n\n退货".encode("gbk"), 3, "no UTF-8"),
        (b"x" * (20 * 2**20 + 1), 1, "20 MB"),
    ],
)
def test_other_encodings_and_huge_files_are_refused(data, line, words):
    ((at, message),) = complaints(run(data))

    assert at == line
    assert words in message


def test_control_characters_are_named():
    found = complaints(run(b"## A\x00b?\nslug: a\nphrasing: c\x07d\n\nText\x1b"))

    assert [line for line, _ in found] == [1, 3, 5]
    assert all("U+00" in message for _line, message in found)


def test_several_files_are_one_transaction(tmp_path):
    good, bad = tmp_path / "en.md", tmp_path / "zh-hans.md"
    good.write_text(ONE)
    bad.write_text("## 没有答案？\nslug: x\n")

    report = import_files([good, bad, tmp_path / "missing.md"])

    assert [(one.file, one.line) for one in report.errors] == [("missing.md", 1), ("zh-hans.md", 1)]
    assert not Entry.objects.exists()


def test_an_entry_in_two_files_is_a_mistake_that_names_the_first():
    report = import_files([("a.en.md", StringIO(ONE)), ("b.en.md", StringIO(ONE))])

    ((at, message),) = complaints(report)
    assert (at, report.errors[0].file) == (4, "b.en.md")
    assert "a.en.md:3" in message


def test_the_language_is_the_rows_then_the_files_then_the_callers():
    text = json.dumps(
        [
            {"slug": "a", "question": "q", "answer": "a"},
            {"slug": "b", "language": "ZH_Hans", "question": "q", "answer": "a"},
        ]
    )

    assert run(text, name="faq.json").errors[0].message.startswith("There is no language")
    assert run(text, name="faq.json", language="en", dry_run=True).ok
    assert run(text, name="faq.en.json", language="zh-hans").ok
    assert set(Entry.objects.values_list("slug", "language")) == {("a", "en"), ("b", "zh-hans")}


def test_doubtful_rows_are_warned_of_and_imported(faq):
    text = (
        "## When are you open?\nslug: hours\nphrasing: how LONG does a refund take?\nphrasing: at what time\n"
        "phrasing: at  what time\n\nAlways.\n\n## At what time!\nslug: time\n\nNow."
    )

    report = run(text)

    assert report.ok
    assert [
        (one.line, word in one.message)
        for one, word in zip(
            report.warnings, ["opening-hours", "refund-time", "given twice", "“time”"], strict=True
        )
    ] == [(1, True), (3, True), (5, True), (9, True)]
    assert Entry.objects.get(slug="hours").phrasings.count() == 2


def test_dates_are_moments_and_a_last_day_is_included(settings):
    settings.TIME_ZONE = "UTC"
    text = "## A?\nslug: a\nactive_from: 2026-03-01\nactive_until: 2026-03-31\n\nx\n\n"
    text += "## B?\nslug: b\nactive_from: 2026-03-01T08:30+02:00\n\nx"

    assert run(text).ok

    first, second = Entry.objects.order_by("slug")
    assert first.active_from.isoformat() == "2026-03-01T00:00:00+00:00"
    assert first.active_until.isoformat() == "2026-04-01T00:00:00+00:00"
    assert second.active_from.isoformat() == "2026-03-01T06:30:00+00:00"


def test_an_import_at_the_same_time_is_reported_and_stores_nothing(monkeypatch):
    def taken(*_args, **_kwargs):
        raise IntegrityError("UNIQUE constraint failed")

    monkeypatch.setattr(Phrasing.objects, "bulk_create", taken)

    report = run(ONE)

    assert "import again" in report.errors[0].message
    assert not Entry.objects.exists()


def test_an_unknown_format_lists_those_there_are():
    assert "'markdown'" in run(ONE, format="markdwn").errors[0].message
    assert ".csv" in run(ONE, name="en.docx").errors[0].message
    with pytest.raises(ValueError, match="markdown"):
        export("md")


def test_headings_of_answers_that_were_stored_unchecked_do_not_become_questions():
    run(ONE)
    Entry.objects.update(answer="## Mine\n\ntext")

    report = run(export("markdown"))

    assert report.ok
    assert Entry.objects.get().answer == "### Mine\n\ntext"


@pytest.mark.parametrize("format", ["csv", "json", "markdown"])
def test_languages_keep_their_own_titles_and_entries_without_a_category_on_the_way(format):
    run(ONE)
    run("# returns: 退货\n\n## 怎么退货？\nslug: returns\n\n这样。\n", name="zh-hans.md")
    run("## 你们在哪里？\nslug: place\n\n这里。\n", name="zh-hans.md")
    before = everything()

    report = run(export(format), name="all", format=format)

    assert counts(report) == (0, 0, 3, 0), report.errors
    assert everything() == before


def test_for_ever_is_a_date_and_what_no_database_can_hold_is_none(settings):
    settings.TIME_ZONE = "America/New_York"
    assert run("## A?\nslug: a\nactive_until: 9999-12-31\n\nx").ok
    assert Entry.objects.active().exists()

    for moment in ("9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00", "2026-02-30"):
        report = run(f"## A?\nslug: a\nactive_until: {moment}\n\nx")

        assert complaints(report) == [(3, f"“{moment}” is no date; write 2026-12-31 or 2026-12-31T08:00.")]
