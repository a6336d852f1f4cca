"""Ranking, learning, storing and updating, by words and letters alone."""

from __future__ import annotations

import subprocess
import sys
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.artifacts import ArtifactDamagedError, ArtifactError, ArtifactMissingError
from support_bot.nlu import Example, lexical_engine, load_engine
from support_bot.nlu.encoders import Encoders, load_encoders
from support_bot.nlu.learning import Cancelled, learn

ASKED = {
    "return": [
        "How do I return an item?",
        "send something back",
        "I want to return my lamp",
        "return a parcel",
    ],
    "refund": ["When do I get my money back?", "how long does a refund take", "refund not here", "my refund"],
    "cards": ["Which cards do you take?", "can I pay with Visa", "do you accept Mastercard", "pay by card"],
    "hours": ["What are your opening hours?", "when are you open", "open on Sundays?", "closing time"],
    "delivery": ["How much is delivery?", "what does shipping cost", "delivery fee", "is delivery free"],
}
EXAMPLES = [Example(text, label, "en") for label, texts in ASKED.items() for text in texts]
CHINESE = [
    Example(text, label, "zh-hans")
    for label, texts in {
        "return": ["怎么退货？", "我想退货"],
        "hours": ["几点营业？", "什么时候开门"],
    }.items()
    for text in texts
]
QUESTIONS = ["refund?", "wher is teh retrun", "opening hours sunday", "visa card", "who won the cup", "🙂"]
HOSTILE = [
    "",
    "   ",
    "🙂" * 2000,
    "\x00",
    "\u202eesrever",
    "\ud800",
    "a" * 100_000,
    "{{ 7 }} {% x %}",
    "%s%n",
]


@pytest.fixture(scope="module")
def learned():
    return learn(EXAMPLES + CHINESE, encoders={"*": ["lexical"]}, seed=3)


@pytest.mark.parametrize(
    ("question", "label"),
    [("how do i send an item back", "return"), ("cn I pya with viza", "cards"), ("opning hours", "hours")],
)
def test_without_a_build_words_and_letters_find_the_entry_also_with_typing_errors(question, label):
    assert lexical_engine(EXAMPLES).rank(question, language="en").best.label == label


def test_without_a_build_what_resembles_nothing_is_not_answered():
    assert not lexical_engine(EXAMPLES).rank("who won the world cup", language="en").in_scope


def test_a_known_phrasing_is_answered_and_names_itself(learned):
    for engine in (lexical_engine(EXAMPLES), learned.engine):
        ranking = engine.rank("HOW LONG does a refund take??", language="en")

        assert ranking.in_scope
        assert (ranking.best.label, ranking.best.phrasing) == ("refund", "how long does a refund take")


def test_questions_are_compared_with_phrasings_of_their_own_language(learned):
    assert learned.engine.languages == ("en", "zh-hans")
    assert learned.engine.rank("想退货", language="zh-hans").best.label == "return"
    assert learned.engine.rank("refund", language="fr").candidates == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_gets_a_ranking(learned, text):
    for engine in (lexical_engine(EXAMPLES), learned.engine):
        ranking = engine.rank(text, language="en")

        assert all(0 <= candidate.confidence <= 1 for candidate in ranking.candidates)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_confidences_are_probabilities_and_fall(text):
    engine = lexical_engine(EXAMPLES)

    found = [candidate.confidence for candidate in engine.rank(text, language="en").candidates]

    assert all(0 <= one <= 1 for one in found)
    assert found == sorted(found, reverse=True)


def test_only_allowed_labels_are_ranked(learned):
    ranking = learned.engine.rank("refund", language="en", allow={"cards", "hours"}, limit=3)

    assert {candidate.label for candidate in ranking.candidates} == {"cards", "hours"}
    assert learned.engine.rank("refund", language="en", allow=set()).best is None


def test_the_same_seed_learns_the_same_engine(learned):
    again = learn(EXAMPLES + CHINESE, encoders={"*": ["lexical"]}, seed=3)

    for question in QUESTIONS:
        assert again.engine.rank(question, language="en") == learned.engine.rank(question, language="en")


def test_an_engine_answers_the_same_from_disk(learned, tmp_path):
    learned.save(tmp_path, {"note": "kept"})

    engine = load_engine(tmp_path)

    assert engine.thresholds == learned.engine.thresholds
    for question in QUESTIONS:
        assert engine.rank(question, language="en") == learned.engine.rank(question, language="en")


def test_a_damaged_artifact_is_refused(learned, tmp_path):
    learned.save(tmp_path)
    data = bytearray((tmp_path / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(data))

    with pytest.raises(ArtifactDamagedError):
        load_engine(tmp_path)


def test_an_artifact_of_another_checksum_or_none_at_all_is_refused(learned, tmp_path):
    learned.save(tmp_path / "one")

    with pytest.raises(ArtifactDamagedError):
        load_engine(tmp_path / "one", checksum="0" * 64)
    with pytest.raises(ArtifactMissingError):
        load_engine(tmp_path / "two")
    assert issubclass(ArtifactDamagedError, ArtifactError)


def test_an_update_without_a_change_is_the_same_engine(learned):
    updated = learned.engine.update(list(reversed(EXAMPLES + CHINESE)))

    for question in QUESTIONS:
        assert updated.rank(question, language="en") == learned.engine.rank(question, language="en")


def test_after_an_update_new_labels_answer_changed_texts_count_and_removed_ones_are_gone(learned):
    kept = [one for one in EXAMPLES if one.label not in {"cards", "hours"}]
    changed = [Example("When does the store close?", "hours", "en")]
    new = [Example("Do you sell gift vouchers?", "gift", "en"), Example("voucher as a present", "gift", "en")]

    engine = learned.engine.update(kept + changed + new)

    assert engine.rank("sell gift vouchers", language="en").best.label == "gift"
    assert engine.rank("when does the store close", language="en").best.phrasing == changed[0].text
    everything = engine.rank("can I pay with Visa", language="en", limit=99).candidates
    assert "cards" not in {candidate.label for candidate in everything}
    assert engine.rank("退货", language="zh-hans").candidates == ()


def test_an_update_encodes_new_texts_only():
    asked: list[str] = []

    class Counting:
        def encode(self, texts):
            asked.extend(texts)
            return np.ones((len(texts), 4), dtype=np.float32)

    from support_bot.nlu.engine import Engine, Parts, Understanding
    from support_bot.nlu.index import Index

    encoders = Encoders({"counting": Counting()}, {})
    index = Index.build([(one.label, one.text) for one in EXAMPLES], encoders.encode)
    engine = Engine({"en": Understanding(Parts(("counting",)), encoders, index)}, {})
    asked.clear()

    engine.update([*EXAMPLES, Example("brand new", "hours", "en")])

    assert [text for text in asked if text != "."] == ["brand new"]


def test_what_a_build_reports_is_measured_on_phrasings_kept_back(learned):
    report = learned.report["en"]

    assert (report["n"], report["labels"], report["encoders"]) == (20, 5, ["lexical"])
    assert len(learned.outcomes) == len(EXAMPLES) + len(CHINESE)
    assert 0 <= report["accuracy"] <= 1
    assert {"threshold", "precision", "coverage", "out_of_scope_recall"} <= set(report["curve"][0])
    assert report["threshold"] == learned.engine.thresholds["en"]


def test_learning_stops_when_it_is_told_to():
    with pytest.raises(Cancelled):
        learn(EXAMPLES, encoders={"*": ["lexical"]}, on_progress=lambda stage, done, total: done < 2)


def test_one_single_phrasing_is_enough_and_none_is_refused():
    assert learn([EXAMPLES[0]], encoders={"*": ["lexical"]}).engine.rank("return", language="en").best
    with pytest.raises(ValueError, match="nothing to learn from"):
        learn([Example("  ", "return", "en")], encoders={})


def test_a_missing_encoder_is_left_out_with_the_reason(tmp_path):
    found = load_encoders(["lexical", "onnx", "no-such"], {"onnx": {"folder": str(tmp_path)}})

    assert found.names == ()
    assert "model.onnx" in found.missing["onnx"]
    assert "no-such" in found.missing["no-such"]


def test_a_build_without_its_encoder_says_so_and_answers_by_words(tmp_path):
    built = learn(EXAMPLES, encoders={"*": ["onnx"]}, options={"onnx": {"folder": str(tmp_path)}})

    assert "onnx" in built.engine.degraded["en"]
    assert built.engine.rank("my refund", language="en").best.label == "refund"


def test_one_engine_answers_several_threads_alike(learned):
    wanted = [learned.engine.rank(question, language="en") for question in QUESTIONS]
    found: list[list[object]] = []

    def ask() -> None:
        found.append([learned.engine.rank(question, language="en") for question in QUESTIONS])

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [wanted] * 4


def test_answering_loads_neither_torch_nor_django():
    script = (
        "import sys; from support_bot.nlu import Example, lexical_engine, load_engine\n"
        "lexical_engine([Example('a b', 'x', 'en')]).rank('a', language='en')\n"
        "print([name for name in ('torch', 'django', 'jieba') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
