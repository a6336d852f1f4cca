"""How long an engine takes for a question: 5,000 phrasings of 150 labels, one core, CPU time.

With words and letters alone, with ``use`` and with ``use`` and ``minilm``; ``rank`` as a web process calls
it, the encoder included. Beside it rapidfuzz's best match over the same phrasings, which knows no meaning.
``python -m benchmarks.bot_speed`` writes ``benchmarks/results/bot_speed_*.json``.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rapidfuzz import fuzz, process

from support_bot.nlu import Engine, load_encoders
from support_bot.nlu.engine import Classifier, Parts, Understanding, features
from support_bot.nlu.index import Index
from support_bot.nlu.joining import Join
from support_bot.nlu.learning.intents import fit_intents
from support_bot.nlu.learning.projection import fit_projection

from .datasets import FOLDER as DATA
from .results import write

PHRASINGS, ASKED = 5_000, 200
ENCODERS = {"lexical": [], "use": ["use"], "use_minilm": ["use", "minilm"]}


def main() -> None:
    path = DATA / "clinc150" / "data_full.json"
    if not path.is_file():
        print(f"bot_speed: skipped, there is no {path}")
        return
    data = json.loads(path.read_text())
    seen: Counter[str] = Counter()
    phrasings = []
    for text, label in data["train"]:
        seen[label] += 1
        if seen[label] <= PHRASINGS // 150 + 1 and len(phrasings) < PHRASINGS:
            phrasings.append((label, text))
    questions = [text for text, _ in data["test"][:: len(data["test"]) // ASKED]][:ASKED]
    for name, encoders in ENCODERS.items():
        _measure(name, encoders, phrasings, questions)


def _measure(name: str, names: list[str], phrasings: list[tuple[str, str]], questions: list[str]) -> None:
    encoders = load_encoders(names, {})
    if encoders.missing:
        print(f"bot_speed {name}: skipped, {encoders.missing}")
        return
    engine = _engine(phrasings, names)
    texts = [text for _, text in phrasings]
    pairs = []
    for text in questions:
        ours = _milliseconds(lambda text=text: engine.rank(text, language="en"))
        peer = _milliseconds(lambda text=text: process.extractOne(text, texts, scorer=fuzz.WRatio))
        pairs.append((ours, peer))
    limit = 5 if not names else 25
    write(
        {
            "name": f"bot_speed_{name}",
            "unit": "ms CPU a question",
            "peer_name": "rapidfuzz WRatio",
            "better": "lower",
            "pairs": pairs,
            "protocol": f"{PHRASINGS} phrasings of 150 labels (CLINC150), {len(questions)} questions, CPU "
            f"time of Engine.rank on one thread, encoders {names}; wanted: at most {limit} ms",
        },
        packages=("numpy", "rapidfuzz"),
    )


def _engine(phrasings: list[tuple[str, str]], names: list[str]) -> Engine:
    """An engine with every part; the map and the classifier are trained briefly, as speed asks no more."""
    encoders = load_encoders(names, {})
    index = Index.build(phrasings, encoders.encode)
    projection = fit_projection(index.vectors, index.targets(), steps=2, batch=256) if names else None
    seen = features(index.vectors, index.texts)
    weights, bias = fit_intents(seen, index.targets(), len(index.labels), iterations=3)
    classifier = Classifier(tuple(index.labels.tolist()), weights, bias)
    parts = Parts(encoders.names, projection, classifier, Join(lexical=5, semantic=8, intent=0.5))
    return Engine(
        {
            "en": Understanding(
                parts, encoders, index.part(np.arange(len(index)), parts.mapped(index.vectors))
            )
        },
        {},
    )


def _milliseconds(call: object) -> float:
    times = []
    for _ in range(3):
        began = time.process_time()
        call()  # type: ignore[operator]
        times.append((time.process_time() - began) * 1e3)
    return median(times)


if __name__ == "__main__":
    main()
