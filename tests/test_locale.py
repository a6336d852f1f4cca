"""The Chinese locale: complete, compiled, and what a reader of it sees on the pages."""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import django
import polib
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from recommendations.admin import names
from recommendations.algorithms import catalogue
from recommendations.evaluation.scorecard import METRICS
from recommendations.models import ModelRun
from shop.models import Category, Order, Product
from support_bot import answers, dialogue
from support_bot.knowledge import import_files
from support_bot.models import Conversation, Entry, HandOver, KnowledgeBuild
from support_bot.types import Reply, Subject
from tests.support_bot.admin.conftest import REPORT
from tests.support_bot.conftest import CHINESE as CHINESE_FAQ

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("recommendations", "shop", "support_bot", "templates")
CATALOGUES = [
    f"{app}/locale/zh_Hans/LC_MESSAGES/django.po" for app in ("recommendations", "shop", "support_bot")
]
PLACEHOLDER = re.compile(r"%\(\w+\)[-.\d]*[a-z]|%[a-z]|%%|\{\w*\}|</?\w+>")
SHOWN_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
CHINESE = {"Accept-Language": "zh-hans"}


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, polib.POFile]:
    """The catalogues as ``make messages`` would leave them, made from a copy of the sources."""
    if shutil.which("msgmerge") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("gettext is not installed: apt-get install gettext")
        pytest.skip("gettext is not installed: apt-get install gettext")
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        left_out = shutil.ignore_patterns("__pycache__", "static", "data", "*.mo")
        shutil.copytree(ROOT / name, copy / name, ignore=left_out)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(copy)
        patch.setattr("django.conf.settings.LOCALE_PATHS", [str(copy / "shop" / "locale")])
        call_command(
            "makemessages", locale=["zh_Hans"], no_wrap=True, no_location=True, no_obsolete=True, verbosity=0
        )
    return {path: polib.pofile(str(copy / path)) for path in CATALOGUES}


def committed(path: str) -> polib.POFile:
    return polib.pofile(str(ROOT / path))


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def key(entry: polib.POEntry) -> tuple[Any, ...]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural or None


@pytest.mark.parametrize("path", CATALOGUES)
def test_every_text_marked_in_the_sources_is_translated(
    collected: dict[str, polib.POFile], path: str
) -> None:
    entries = list(collected[path])

    assert len(entries) > 100
    assert [entry.msgid for entry in entries if entry.fuzzy or not all(texts(entry))] == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_no_text_is_translated_that_the_sources_do_not_have(
    collected: dict[str, polib.POFile], path: str
) -> None:
    found = {key(entry) for entry in collected[path]}

    assert [entry.msgid for entry in committed(path) if entry.obsolete or key(entry) not in found] == []


def test_no_text_hides_inside_an_f_string_where_it_is_not_collected() -> None:
    marks = ("_", "gettext", "ngettext", "pgettext", "npgettext")
    files = (path for app in SOURCES for path in (ROOT / app).rglob("*.py"))
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in files
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in marks
    ]

    assert hidden == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_a_translation_has_the_placeholders_of_its_source(path: str) -> None:
    wrong = []
    for entry in committed(path):
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        wrong += [text for text in texts(entry) if sorted(PLACEHOLDER.findall(text)) != wanted]

    assert wrong == []


@pytest.mark.parametrize("path", CATALOGUES)
def test_the_compiled_catalogue_says_what_its_source_says(path: str) -> None:
    compiled = polib.mofile(str(ROOT / path.replace(".po", ".mo")))

    source = {key(entry): texts(entry) for entry in committed(path)}
    assert {key(entry): texts(entry) for entry in compiled} == source


def test_the_app_renames_no_word_of_django() -> None:
    """All apps share one catalogue, and an app's word counts before Django's own."""
    theirs = {
        key(entry): texts(entry)
        for path in Path(django.__file__).parent.glob("**/locale/zh_Hans/LC_MESSAGES/django.mo")
        for entry in polib.mofile(str(path))
    }

    ours = {key(entry): texts(entry) for path in (CATALOGUES[0], CATALOGUES[2]) for entry in committed(path)}
    assert {name: text for name, text in ours.items() if theirs.get(name, text) != text} == {}


def test_every_text_of_the_algorithms_and_roles_is_translated() -> None:
    algorithms = catalogue.ALGORITHMS.values()
    shown = [text for known in algorithms for text in (known.title, known.summary)]
    shown += [parameter.help for known in algorithms for parameter in known.parameters]
    shown += [role.title for role in catalogue.ROLES.values()]

    with override("zh-hans"):
        assert [text for text in shown if gettext(text) == text] == []


def test_every_parameter_and_metric_has_a_name_that_is_translated() -> None:
    parameters = {parameter.name for known in catalogue.ALGORITHMS.values() for parameter in known.parameters}
    figures = set(METRICS) - {"ndcg", "map", "mrr"}  # written in capitals everywhere

    words = {name.replace("_", " ") for name in parameters | figures}
    assert words - set(names.WORDS) == set()


def test_a_sentence_of_the_cleaning_report_keeps_its_numbers() -> None:
    with override("zh-hans"):
        said = names.sentence("rows of 1,024 users on days with more than 1,000 rows dropped (bots)")

    assert said == "已删除 1,024 位用户在单日超过 1,000 行的日期的行（机器人）"
    assert names.sentence("rows of 3 {martians} dropped") == "rows of 3 {martians} dropped"


class Visible(HTMLParser):
    """The texts of a page that a person reads or hears, each as one piece."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        self.texts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(" ".join(data.split()))


@cache
def english() -> tuple[frozenset[str], re.Pattern[str]]:
    """The source texts that have a translation: those said as they are, and those with something put in."""
    translated = {
        word
        for path in CATALOGUES
        for entry in committed(path)
        for source in (entry.msgid, entry.msgid_plural)
        if source and source not in texts(entry)
        for word in (source, source[:1].upper() + source[1:])
    }
    filled = {word for word in translated if re.search("[A-Za-z]{3}", PLACEHOLDER.sub("", word))}
    parts = (map(re.escape, PLACEHOLDER.split(word)) for word in filled if PLACEHOLDER.search(word))
    return frozenset(word.rstrip(":.") for word in translated), re.compile("|".join(map(".+".join, parts)))


def left_in_english(page: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """What the page says in the words of a source text that has a translation; ``but`` is not looked at."""
    translated, filled = english()
    fine = {"English", *but}  # a language is named in itself
    found = [text for text in Visible(page).texts if text.rstrip(":.") not in fine]
    return [text for text in found if text.rstrip(":.") in translated or filled.fullmatch(text)]


@pytest.fixture
def milk(db: None) -> Product:
    dairy = Category.objects.create(name="Milk & cheese", slug="dairy", path="dairy", level=0)
    return Product.objects.create(sku="T-1", name="Whole milk, 1 gal", price="2.50", stock=4, category=dairy)


@pytest.fixture
def manager(db: None) -> Iterator[Client]:
    client = Client(headers=CHINESE)
    client.force_login(get_user_model().objects.create_superuser("mira", password="mira"))
    yield client


@pytest.fixture
def run(db: None) -> ModelRun:
    rules = [{"rule": "missing_user", "count": 9, "done": "rows without a user dropped"}]
    return ModelRun.objects.create(
        algorithm="als",
        role="personal",
        status="finished",
        verdict="kept_back",
        parameters={"factors": 64, "half_life": None},
        data_summary={"kind": "orders", "users": 500, "rows": 391},
        cleaning={"rows_in": 400, "rows_out": 391, "rules": rules},
        split={"split": "temporal", "cutoff": "2026-09-15", "train": {"rows": 310, "users": 40}},
        metrics={"metric": "ndcg@20", "scope": "new", "value": 0.05, "users": 48, "all": {"recall": 0.06}},
        history=[{"epoch": 1, "loss": 3.0, "validation_ndcg": 0.02, "seconds": 1.0}],
        timings={"fit": 12.4},
    )


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/", ["街角超市", "商品分类", "搜索", "登录"]),
        ("/c/dairy/", ["排序方式", "价格从低到高", "1 件商品"]),
        ("/basket/", ["购物车是空的"]),
        ("/register/", ["注册", "电子邮箱"]),
        ("/nowhere/", ["页面不存在"]),
    ],
)
def test_a_shop_page_is_chinese_for_whoever_asks_for_chinese(
    client: Client, milk: Product, page: str, words: list[str]
) -> None:
    text = client.get(page, headers=CHINESE).content.decode()

    assert '<html lang="zh-hans">' in text
    assert [word for word in words if word not in text] == []
    assert left_in_english(text) == []


def test_a_product_page_is_chinese_save_what_is_data(client: Client, milk: Product) -> None:
    text = client.get(milk.get_absolute_url(), headers=CHINESE).content.decode()

    assert "Whole milk, 1 gal" in text
    assert "仅剩 4 件" in text
    assert left_in_english(text) == []


def test_an_english_reader_gets_english(client: Client, milk: Product) -> None:
    text = client.get("/", headers={"Accept-Language": "en"}).content.decode()

    assert "All departments" in text
    assert "All departments" in left_in_english(text)


def test_a_run_in_the_admin_is_chinese(manager: Client, run: ModelRun) -> None:
    text = manager.get(reverse("admin:concierge_recommendations_modelrun_change", args=[run.pk])).content
    page = text.decode()

    for word in (
        "交替最小二乘",
        "隐向量维度",
        "学习曲线",
        "已删除缺少用户的行",
        "训练集行数",
        "未达标，未启用",
    ):
        assert word in page
    assert left_in_english(page) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("concierge_recommendations_modelrun_changelist", ""),
        ("concierge_recommendations_modelrun_add", ""),
        ("concierge_recommendations_modelrun_add", "?algorithm=als"),
        ("concierge_recommendations_placement_changelist", ""),
        ("concierge_recommendations_placement_add", ""),
        ("concierge_recommendations_placement_preview", "?customer=1"),
        ("concierge_recommendations_neverrecommend_add", ""),
        ("concierge_recommendations_activemodel_changelist", ""),
        ("index", ""),
        ("shop_product_changelist", ""),
        ("shop_order_changelist", ""),
        ("shop_coupon_add", ""),
    ],
)
def test_no_marked_text_stays_english_in_the_admin(
    manager: Client, run: ModelRun, milk: Product, name: str, query: str
) -> None:
    answer = manager.get(reverse(f"admin:{name}") + query)

    assert answer.status_code == 200
    djangos_own = ("Search",)  # the magnifying glass, in a template of Django's
    assert left_in_english(answer.content.decode(), but=djangos_own) == []


NUMBER = "W-4F1A2B3C4D5E"


@pytest.fixture
def talking(manager: Client, milk: Product) -> Iterator[Conversation]:
    """Mira's conversation about her order in a shop whose FAQ is Chinese: an answer, a change, a person."""
    assert import_files([("zh-hans.md", StringIO(CHINESE_FAQ))]).ok
    answers.reset()
    mira = get_user_model().objects.get()
    order = Order.objects.create(
        number=NUMBER,
        user=mira,
        placed_at=timezone.now(),
        promised_for=timezone.localdate(),
        total=milk.price,
    )
    order.lines.create(product=milk, name=milk.name, quantity=1, unit_price=milk.price)
    with override("zh-hans"):
        yield dialogue.open_conversation(Subject(user_key=str(mira.pk)), language="zh-hans").conversation
    answers.reset()


@pytest.fixture
def build(db: None) -> KnowledgeBuild:
    return KnowledgeBuild.objects.create(
        status="finished",
        verdict="kept_back",
        data={"entries": 74, "phrasings": 420, "languages": {"zh-hans": 420}, "fingerprint": "3f0c"},
        metrics={"zh-hans": REPORT},
        thresholds={"zh-hans": 0.41},
        timings={"learn": 12.5},
    )


def say(conversation: Conversation, text: str, confirm: str | None = None) -> Reply:
    subject = Subject(user_key=conversation.user_key)
    reply = dialogue.take_turn(conversation, text, subject=subject, confirm=confirm).reply
    assert reply is not None
    return reply


def latin(*said: str) -> list[str]:
    """Words in Latin letters, save the order's number and the product's name, which are data."""
    return re.findall("[A-Za-z]{2,}", " ".join(said).replace(NUMBER, "").replace("Whole milk, 1 gal", ""))


def words_of(reply: Reply) -> list[str]:
    offered = [part for one in reply.suggestions for part in (one.label, one.text)]
    shown = [
        part for card in reply.cards for part in (card.title, *(str(x) for pair in card.fields for x in pair))
    ]
    return [reply.text, *offered, *shown, *([reply.confirm.label] if reply.confirm else [])]


def test_the_bot_greets_and_offers_help_in_chinese(talking: Conversation) -> None:
    text, suggestions = dialogue.welcome(Subject(user_key=talking.user_key))

    assert "街角超市" in text
    assert NUMBER in text
    assert re.findall("[。！？：] ", text) == []
    assert latin(text, *(part for one in suggestions for part in (one.label, one.text))) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("你好", "您"),
        ("我的订单到哪了", "预计"),
        ("什么时候送到", "送达"),
        ("有没有牛奶", ""),
        ("我有多少积分", "积分"),
        ("我的优惠券", "优惠券"),
        ("再来一单", "购物车"),
        ("修改收货地址", NUMBER),
        ("我要退货", ""),
        ("运费多少钱？", "免费"),
        ("量子色动力学的渐近自由怎么证明", ""),
        ("你是机器人吗", "程序"),
        ("转人工", "人工客服"),
    ],
)
def test_a_question_in_chinese_is_answered_without_a_word_of_english(
    talking: Conversation, text: str, word: str
) -> None:
    reply = say(talking, text)

    assert word in reply.text
    assert re.findall("[。！？：] ", reply.text) == []
    assert latin(*words_of(reply)) == []


@pytest.mark.parametrize("agreed", ["", "好的", "OK"])
def test_an_order_is_cancelled_in_chinese(talking: Conversation, agreed: str) -> None:
    asked = say(talking, "取消订单")
    assert asked.confirm is not None
    done = say(talking, agreed or asked.confirm.label, confirm=None if agreed else asked.confirm.token)

    assert Order.objects.get().status == "cancelled"
    assert latin(*words_of(asked), *words_of(done)) == []


@pytest.mark.parametrize(
    "page", ["/support/", "/support/faq/", "/support/faq/?q=运费", "/support/your-data/"]
)
def test_the_support_pages_are_chinese(manager: Client, talking: Conversation, page: str) -> None:
    for text in ("我的订单到哪了", "运费多少钱？", "转人工"):
        say(talking, text)

    text = manager.get(page, headers=CHINESE).content.decode()

    assert "常见问题" in text or "您的数据" in text
    assert left_in_english(text) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("entry_changelist", ""),
        ("entry_add", ""),
        ("entry_try", "?q=运费多少钱"),
        ("entry_try", "?q=量子色动力学"),
        ("entry_import", ""),
        ("entry_collisions", "?near=1"),
        ("category_add", ""),
        ("knowledgebuild_changelist", ""),
        ("knowledgebuild_add", ""),
        ("conversation_changelist", ""),
        ("conversation_analytics", ""),
        ("conversation_analytics", "?of=simulated"),
        ("conversation_unanswered", ""),
        ("handover_changelist", ""),
        ("handover_changelist", "?state=all"),
    ],
)
def test_no_marked_text_stays_english_in_the_bots_admin(
    manager: Client, talking: Conversation, build: KnowledgeBuild, name: str, query: str
) -> None:
    for text in ("运费多少钱？", "量子色动力学的渐近自由怎么证明", "转人工"):
        say(talking, text)

    answer = manager.get(reverse(f"admin:concierge_support_{name}") + query)

    assert answer.status_code == 200
    assert left_in_english(answer.content.decode(), but=("Search",)) == []


def test_the_inbox_filters_by_reasons_and_moods_in_words(manager: Client, talking: Conversation) -> None:
    dialogue.hand_over(talking, "asked", emotion="anger")

    seen = Visible(manager.get(reverse("admin:concierge_support_handover_changelist")).content.decode()).texts

    assert {"要求转人工", "生气"} <= set(seen)
    assert {"asked", "anger"} & set(seen) == set()


def test_what_staff_look_at_one_by_one_is_chinese(
    manager: Client, talking: Conversation, build: KnowledgeBuild
) -> None:
    for text in ("我的订单到哪了", "转人工"):
        say(talking, text)
    seen = (Entry.objects.all()[0], build, talking, HandOver.objects.get())

    for row in seen:
        address = reverse(f"admin:concierge_support_{row._meta.model_name}_change", args=[row.pk])
        answer = manager.get(address)
        assert answer.status_code == 200
        assert (row, left_in_english(answer.content.decode(), but=("Search",))) == (row, [])
