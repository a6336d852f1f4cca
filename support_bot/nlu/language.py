"""In which of the shop's languages a question was written, judged by its script."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_TOKEN = re.compile(r"[-0-9A-Za-z\u00c0-\u024f]+")

# A word of Latin letters weighs as much as this many characters of a script without spaces: about what it
# takes there to write a word. "iPhone 的保修期" is Chinese.
_WORD = 2
_SHORT = 3  # letters that say nothing of the language: "ok", "hi", "yes"
_SCRIPTS = {
    "ja": (_KANA, _HAN),
    "ko": (_HANGUL,),
    "zh": (_HAN,),
    "ru": (_CYRILLIC,),
    "uk": (_CYRILLIC,),
    "bg": (_CYRILLIC,),
    "ar": (_ARABIC,),
    "fa": (_ARABIC,),
}


def detect_language(text: str, *, default: str, languages: Sequence[str]) -> str:
    """The code out of ``languages`` (Django's, such as ``en`` and ``zh-hans``) whose script ``text`` is in.

    Languages of one script cannot be told apart by it: ``default`` wins when it is written in the one
    that was found, else the first of ``languages`` that is. Without letters it is ``default``.
    """
    scripts = {code: _weight(text, code) for code in languages}
    if _KANA.search(text) and (japanese := [code for code in languages if _base(code) == "ja"]):
        return japanese[0]
    most = max(scripts.values(), default=0.0)
    if most <= 0:
        return default
    found = [code for code in languages if scripts[code] == most]
    return default if default in found else found[0]


def _base(code: str) -> str:
    return code.split("-")[0].lower()


def _weight(text: str, code: str) -> float:
    """How much of ``text`` is in the script of the language: characters, Latin ones by the word.

    An order's number or a code, "W-4F1A2B3C4D5E", is a word of no language, and "ok" is one of all.
    """
    patterns = _SCRIPTS.get(_base(code))
    if patterns is None:
        tokens = (token for token in _TOKEN.findall(text) if not any(map(str.isdigit, token)))
        words = [word for token in tokens for word in _LATIN.findall(token)]
        return float(_WORD * len(words)) if len("".join(words)) > _SHORT else 0.0
    return float(sum(len(pattern.findall(text)) for pattern in patterns))
