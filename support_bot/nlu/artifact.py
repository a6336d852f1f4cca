"""An engine on disk: ``model.safetensors`` and ``manifest.json``, mapped into memory when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.artifacts import ArtifactDamagedError
from recommendations.artifacts.files import fetch, store
from recommendations.artifacts.tensors import RESTORE

from .encoders import Encoders, load_encoders
from .engine import Classifier, Engine, Parts, Understanding
from .index import Index
from .joining import Join
from .lexical import Rows

Tensors = dict[str, NDArray[Any]]
KIND = "support_bot"


def save_engine(
    folder: Path | str,
    understood: Mapping[str, Sequence[Understanding]],
    manifest_extra: Mapping[str, Any] | None = None,
) -> Path:
    """Write an engine to ``folder`` and return that.

    ``understood``: language -> the same phrasings understood with ever fewer encoders, the best first: so
    the engine still answers where one is missing. ``manifest_extra`` is JSON-able and stands in the manifest.
    """
    tensors: Tensors = {}
    languages: dict[str, Any] = {}
    for number, (language, levels) in enumerate(sorted(understood.items())):
        prefix = f"{number}"
        index = levels[0].index
        tensors |= _texts(f"{prefix}.texts", index.texts) | _texts(f"{prefix}.labels", index.text_labels)
        tensors |= _rows(f"{prefix}.words", index.words) | _rows(f"{prefix}.grams", index.grams)
        stored = []
        for place, level in enumerate(levels):
            tensors |= _level(f"{prefix}.{place}", level)
            stored.append(
                {
                    "encoders": list(level.parts.encoders),
                    "join": level.parts.join.as_dict(),
                    "classifies": level.parts.classifier is not None,
                    "maps": level.parts.projection is not None,
                }
            )
        languages[language] = stored
    core = {"kind": KIND, "languages": languages}
    store(Path(folder), tensors, core, dict(manifest_extra or {}))
    return Path(folder)


def load_engine(
    folder: Path | str, *, options: Mapping[str, Mapping[str, Any]] | None = None, checksum: str | None = None
) -> Engine:
    """The engine in ``folder``; ``options`` are those of the encoders, by name.

    Where an encoder that it was built with is missing, it answers with what was learned without it, and
    ``degraded`` says so. Raises ArtifactError (missing, damaged, altered, of a later format).
    """
    tensors, core, _ = fetch(Path(folder), checksum)
    understood: dict[str, Understanding] = {}
    degraded: dict[str, str] = {}
    try:
        if core["kind"] != KIND:
            raise ValueError(f"it is of kind {core['kind']!r}")
        for number, (language, levels) in enumerate(sorted(core["languages"].items())):
            place, encoders, why = _usable(levels, options or {})
            if why:
                degraded[language] = why
            understood[language] = _understanding(tensors, f"{number}", place, levels[place], encoders)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ArtifactDamagedError(
            f"{folder} holds no engine of this format: {error!r}. {RESTORE}"
        ) from error
    return Engine(understood, degraded)


def _usable(
    levels: Sequence[Mapping[str, Any]], options: Mapping[str, Mapping[str, Any]]
) -> tuple[int, Encoders, str]:
    """The first level all of whose encoders are there, those encoders, and why it is not the very first."""
    reasons: dict[str, str] = {}
    for place, level in enumerate(levels):
        encoders = load_encoders(level["encoders"], options)
        if not encoders.missing:
            why = "; ".join(f"encoder {name} is missing: {reason}" for name, reason in reasons.items())
            return place, encoders, why
        reasons |= encoders.missing
    raise ValueError("it has no level without encoders")


def _level(prefix: str, level: Understanding) -> Tensors:
    found: Tensors = {f"{prefix}.vectors": level.index.vectors}
    if level.parts.projection is not None:
        found[f"{prefix}.projection"] = level.parts.projection
    if (classifier := level.parts.classifier) is not None:
        found |= _texts(f"{prefix}.intents", classifier.labels)
        found |= {f"{prefix}.weights": classifier.weights, f"{prefix}.bias": classifier.bias}
    return found


def _understanding(
    tensors: Tensors, prefix: str, place: int, level: Mapping[str, Any], encoders: Encoders
) -> Understanding:
    here = f"{prefix}.{place}"
    index = Index(
        _read_texts(tensors, f"{prefix}.texts"),
        _read_texts(tensors, f"{prefix}.labels"),
        tensors[f"{here}.vectors"],
        _read_rows(tensors, f"{prefix}.words"),
        _read_rows(tensors, f"{prefix}.grams"),
    )
    classifier = None
    if level["classifies"]:
        labels = tuple(_read_texts(tensors, f"{here}.intents"))
        classifier = Classifier(labels, tensors[f"{here}.weights"], tensors[f"{here}.bias"])
    parts = Parts(
        tuple(level["encoders"]),
        tensors[f"{here}.projection"] if level["maps"] else None,
        classifier,
        Join.from_dict(level["join"]),
    )
    return Understanding(parts, encoders, index)


def _texts(name: str, texts: Sequence[str]) -> Tensors:
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return {f"{name}.bytes": np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.offsets": ends}


def _read_texts(tensors: Tensors, name: str) -> list[str]:
    data = tensors[f"{name}.bytes"].tobytes()
    ends = pairwise(tensors[f"{name}.offsets"].tolist())
    return [data[start:end].decode("utf-8", "surrogatepass") for start, end in ends]


def _rows(name: str, rows: Rows) -> Tensors:
    return {f"{name}.indptr": rows.indptr, f"{name}.terms": rows.terms, f"{name}.counts": rows.counts}


def _read_rows(tensors: Tensors, name: str) -> Rows:
    return Rows(tensors[f"{name}.indptr"], tensors[f"{name}.terms"], tensors[f"{name}.counts"])
