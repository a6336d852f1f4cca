"""``support_bot_evaluate``: its figures against a case that was worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support_bot import answers
from support_bot.building import evaluation
from support_bot.building.evaluation import Question
from support_bot.nlu import Candidate, Ranking

from .conftest import Run

# question -> its candidates; the threshold is .5
RANKED: Mapping[str, tuple[tuple[str, float], ...]] = {
    "q1": (("a", 0.9), ("b", 0.1)),  # answered rightly
    "q2": (("b", 0.8), ("a", 0.1)),  # meant a, answered with b
    "q3": (("b", 0.7), ("a", 0.1)),  # answered rightly
    "q4": (("b", 0.4), ("a", 0.05)),  # right, but below the threshold and alone: no answer
    "q5": (("a", 0.3), ("b", 0.25)),  # asked back, which is no answer
    "q6": (("a", 0.2), ("b", 0.1)),  # out of scope, not answered
    "q7": (("a", 0.6), ("b", 0.1)),  # out of scope, answered with a
}
MEANT = {"q1": "a", "q2": "a", "q3": "b", "q4": "b", "q5": "b", "q6": "none", "q7": "none"}


class ByHand:
    """An engine that knows these questions and their candidates."""

    languages = ("en", "zh-hans")
    thresholds = {"en": 0.5, "zh-hans": 0.5}
    degraded: Mapping[str, str] = {}

    def rank(self, text: str, *, language: str, allow: Any = None, limit: int = 5) -> Ranking:
        found = [
            Candidate(label, sure, f"a phrasing of {label}", 0.0, 0.0, 0.0)
            for label, sure in RANKED[text.removesuffix(" 怎么退货呢")]
            if allow is None or label in allow
        ]
        return Ranking(language, tuple(found), 0.5)


def asked(none_label: str = "none") -> list[evaluation.Asked]:
    questions = [Question(text, label.replace("none", none_label)) for text, label in MEANT.items()]
    return evaluation.ask(questions, engine=ByHand())


def test_the_figures_are_those_worked_out_by_hand() -> None:
    found = evaluation.figures(asked(), none_label="none")

    # Of five in scope q1 and q3 are right; of two out of scope q6 is.
    assert found["in_scope_accuracy"] == pytest.approx(2 / 5)
    assert found["out_of_scope_recall"] == pytest.approx(1 / 2)
    assert (found["n"], found["in_scope"], found["answered"], found["clarified"]) == (7, 5, 4, 1)
    # Given: a, b, b, none, none, none, a. MCC of Gorodkin (2004): s = 7, c = 3 right,
    # t = (2 a, 3 b, 2 none), p = (2 a, 2 b, 3 none); t.p = 4 + 6 + 6 = 16.
    expected = (3 * 7 - 16) / math.sqrt((49 - (4 + 4 + 9)) * (49 - (4 + 9 + 4)))
    assert found["mcc"] == pytest.approx(expected)
    # Ten equally large groups of five questions are groups of one: |.9-1|, |.8-0|, |.7-1|, |.4-1|, |.3-0|.
    assert found["expected_calibration_error"] == pytest.approx((0.1 + 0.8 + 0.3 + 0.6 + 0.3) / 5)
    assert found["threshold"] == 0.5
    assert found["ms_median"] >= 0


def test_the_worst_pairs_are_what_was_answered_wrongly() -> None:
    found = evaluation.figures(asked(), none_label="none")

    assert found["confusions"] == [
        {"meant": "a", "answered": "b", "n": 1, "example": "q2"},
        {"meant": "none", "answered": "a", "n": 1, "example": "q7"},
    ]


def test_out_of_scope_may_have_another_name() -> None:
    found = evaluation.figures(asked("NO_NODES_DETECTED"), none_label="NO_NODES_DETECTED")

    assert found["out_of_scope_recall"] == pytest.approx(1 / 2)
    assert found["in_scope"] == 5


def test_figures_that_nothing_was_measured_for_are_none() -> None:
    inside = [one for one in asked() if one.question.label != "none"]
    outside = [one for one in asked() if one.question.label == "none"]

    assert evaluation.figures(inside, none_label="none")["out_of_scope_recall"] is None
    assert evaluation.figures(outside, none_label="none")["in_scope_accuracy"] is None
    assert evaluation.figures([], none_label="none")["mcc"] in (None, 0.0)
    json.dumps(evaluation.figures(outside, none_label="none"), allow_nan=False)


def test_a_question_is_answered_in_the_language_of_its_row_or_of_its_script() -> None:
    questions = [Question("q1", "a"), Question("q1 怎么退货呢", "a"), Question("q1", "a", "zh-cn")]

    found = evaluation.ask(questions, engine=ByHand())

    assert [one.language for one in found] == ["en", "zh-hans", "zh-hans"]


FILE = """text,label
how do I return an item,start-return
How do I return an item?,refund-time
怎么退货,start-return
quantum chromodynamics,none
"""


@pytest.fixture
def questions(tmp_path: Path) -> str:
    path = tmp_path / "questions.csv"
    path.write_text(FILE, "utf-8")
    return str(path)


def test_evaluate_prints_the_documented_json(faq: Any, run: Run, questions: str) -> None:
    code, out, _err = run("support_bot_evaluate", questions, "--json")

    found = json.loads(out)
    assert code == 0
    documented = {"n", "in_scope_accuracy", "out_of_scope_recall", "mcc", "expected_calibration_error"}
    assert documented | {"threshold", "answered", "clarified", "ms_median"} <= set(found)
    assert found["n"] == 4
    assert found["in_scope_accuracy"] == pytest.approx(2 / 3)
    assert found["out_of_scope_recall"] == 1.0
    assert set(found["languages"]) == {"en", "zh-hans"}
    assert found["unknown_labels"] == []


def test_evaluate_prints_a_table_for_people(faq: Any, run: Run, questions: str) -> None:
    code, out, _err = run("support_bot_evaluate", questions)

    assert code == 0
    assert "words and letters alone, no build" in out
    assert "refund-time -> start-return, such as “How do I return an item?”" in out
    assert "zh-hans" in out


def test_evaluate_names_labels_that_no_entry_has(faq: Any, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("text,label\nhow do I return an item,start-retrun\n")

    assert "start-retrun" in run("support_bot_evaluate", str(path))[1]


def test_a_managers_threshold_counts(faq: Any, run: Run, questions: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(answers.Active, "threshold", lambda *_args: 1.01)

    found = json.loads(run("support_bot_evaluate", questions, "--json")[1])

    assert (found["answered"], found["threshold"]) == (0, 1.01)


def test_with_train_a_throw_away_index_is_learned(db: None, run: Run, questions: str, tmp_path: Path) -> None:
    rows = ["sentence,category"]
    for label, words in {"start-return": "return item back", "refund-time": "refund money paid"}.items():
        for first in ("how do I", "when may I", "please", "can you", "I want to", "is there a"):
            rows += [f"{first} {words},{label}", f"{first} {words.split()[0]},{label}"]
    train = tmp_path / "train.csv"
    train.write_text("\n".join([*rows, "who won the match,none"]) + "\n")

    code, out, _err = run("support_bot_evaluate", questions, "--train", str(train), "--json")

    found = json.loads(out)
    assert code == 0
    assert found["answered_by"].startswith("25 rows of")
    assert set(found["thresholds"]) == {"en"}
    from support_bot.models import KnowledgeBuild

    assert not KnowledgeBuild.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"question,slug\nx,y\n", "needs the columns text and label"),
        (b"", "needs the columns text and label"),
        (b"text,label\n", "holds no question"),
        (b"text,label\nhow,\n", "line 2: text and label must not be empty"),
        (b"text,label\n\xff\xfe,x\n", "no CSV in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_file_exits_with_2_and_says_what_is_wrong(
    db: None, run: Run, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "q.csv"
    if content is not None:
        path.write_bytes(content)

    code, _out, err = run("support_bot_evaluate", str(path))

    assert code == 2
    assert message in err


def test_a_byte_order_mark_and_extra_columns_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text('note,text,label,language\nx,"a, b",slug,zh-hans\n', "utf-8-sig")

    assert evaluation.read_questions(path) == [Question("a, b", "slug", "zh-hans")]
