"""A setting of an algorithm: its type, range, default and help, and the way from text to a typed value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Value = int | float | str | bool | None


class InvalidParameters(ValueError):
    """Some parameters are unknown or out of range; ``errors`` maps each one's name to a sentence."""

    def __init__(self, algorithm: str, errors: Mapping[str, str]) -> None:
        self.algorithm = algorithm
        self.errors = dict(errors)
        super().__init__(f"{algorithm}: " + " ".join(f"{name}: {text}" for name, text in errors.items()))


@dataclass(frozen=True, slots=True)
class Range:
    """What tuning may try: all from ``low`` to ``high``, both included; ``log``: evenly by magnitude."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of an algorithm. ``low`` and ``high`` are included.

    ``empty`` says what None means: "auto" is chosen on the validation part, "none" goes without; where it is
    empty itself, None is not allowed.
    ``search`` lists the values that tuning tries, ``between`` is a range that it may try any number of; a
    parameter with neither stays as it is.
    """

    name: str
    kind: Literal["int", "float", "choice", "bool"]
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    empty: Literal["", "auto", "none"] = ""
    search: tuple[Value, ...] = ()
    between: Range | None = None

    def convert(self, raw: object) -> Value:
        """The typed value of ``raw``, also of text from a form or a command line; ValueError says why not."""
        if raw is None or (isinstance(raw, str) and raw.strip().lower() in ("", "auto", "none")):
            if self.empty:
                return None
            raise ValueError(f"a value is needed, {self.allowed}.")
        try:
            return _CONVERTERS[self.kind](self, raw)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"got {raw!r}, allowed is {self.allowed}.") from None

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.kind == "choice":
            text = "one of " + ", ".join(self.choices)
        elif self.kind == "bool":
            text = "true or false"
        else:
            text = f"{'a whole' if self.kind == 'int' else 'a'} number from {self.low:g} to {self.high:g}"
        return text + (f" or {self.empty}" if self.empty else "")


def _number(parameter: Parameter, raw: Any) -> int | float:
    if isinstance(raw, bool):
        raise TypeError
    value = float(raw)
    low, high = parameter.low, parameter.high
    if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
        raise ValueError
    if parameter.kind == "float":
        return value
    if value != int(value):
        raise ValueError
    return int(value)


def _choice(parameter: Parameter, raw: Any) -> str:
    if raw not in parameter.choices:
        raise ValueError
    return str(raw)


def _boolean(parameter: Parameter, raw: Any) -> bool:
    text = str(raw).strip().lower()
    if text in ("true", "1", "on", "yes"):
        return True
    if text in ("false", "0", "off", "no"):
        return False
    raise ValueError


_CONVERTERS: dict[str, Callable[[Parameter, Any], Value]] = {
    "int": _number,
    "float": _number,
    "choice": _choice,
    "bool": _boolean,
}
