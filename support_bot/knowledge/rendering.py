"""Answers as customers see them: Markdown to cleaned HTML and to plain text, variables filled in.

Nothing from the database is ever evaluated. The Markdown is CommonMark without raw HTML; a variable's value
is inserted after the parsing, as text, so that a customer who is called ``**Bob** <b>`` is called just that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import quote

try:
    import nh3
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
except ImportError:  # the checks say what is missing; without these nothing is rendered
    pass

from .variables import VARIABLE

_TAGS: Final = frozenset(
    (
        "a",
        "blockquote",
        "br",
        "code",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "ul",
    )
)
_SCHEMES: Final = frozenset(("http", "https", "mailto", "tel"))
_IN_URL: Final = re.compile(VARIABLE.pattern.replace(r"\{", "%7B").replace(r"\}", "%7D"))
_EMPTY: Final = re.compile(r"<p>\s*</p>\n?")
_ABSOLUTE: Final = re.compile(r"(?:https?:|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The same answer twice: ``text`` for whoever shows no HTML, ``html`` cleaned for a page."""

    text: str
    html: str


def render(markdown_text: str, variables: Mapping[str, str] | None = None) -> Rendered:
    """An answer with its variables filled in.

    A variable that is unknown or empty leaves no trace: neither its braces nor the space or comma around it.
    Links keep the schemes http, https, mailto and tel and relative addresses, and carry ``rel="nofollow
    noopener"``; of an image its text is shown. Never raises on any text.
    """
    env = {"variables": {name: str(value).strip() for name, value in (variables or {}).items()}}
    tokens = _parser().parse(markdown_text.replace("\0", ""), env)
    for token in tokens:
        _fill(token, env["variables"])
    html = _parser().renderer.render(tokens, _parser().options, env)
    cleaned = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        url_schemes=set(_SCHEMES),
        link_rel="nofollow noopener",
    )
    return Rendered(text=_plain(tokens), html=_EMPTY.sub("", cleaned).strip())


def _parse_variable(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it that makes a token of ``{shop.name}`` before any other rule sees inside."""
    match = VARIABLE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("variable", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _fill(token: Token, variables: Mapping[str, str]) -> None:
    if token.type in ("fence", "code_block"):
        token.content = VARIABLE.sub(lambda match: variables.get(match[1], ""), token.content)
    if token.children is None:
        return
    children = token.children = _without_dead_links(token.children, variables)
    for position, child in enumerate(children):
        if child.type == "variable":
            child.type, child.content = "text", variables.get(child.content, "")
            if not child.content:
                _close_gap(children, position)
        elif child.type == "code_inline":
            child.content = VARIABLE.sub(lambda match: variables.get(match[1], ""), child.content)
        elif child.type == "image":
            filled = VARIABLE.sub(lambda match: variables.get(match[1], ""), child.content)
            child.type, child.content = "text", filled


def _without_dead_links(children: list[Token], variables: Mapping[str, str]) -> list[Token]:
    """Fill the addresses; a link whose address is an empty variable becomes its words."""
    kept: list[Token] = []
    open_links: list[bool] = []
    for child in children:
        if child.type == "link_open":
            address = str(child.attrs.get("href", ""))
            needed = [match[1] for match in _IN_URL.finditer(address)]
            open_links.append(all(variables.get(name) for name in needed))
            child.attrs["href"] = _IN_URL.sub(
                lambda match: quote(variables.get(match[1], ""), safe="@:/?&=#+~,;%"), address
            )
        if child.type not in ("link_open", "link_close") or open_links[-1]:
            kept.append(child)
        if child.type == "link_close":
            open_links.pop()
    return kept


def _close_gap(children: list[Token], position: int) -> None:
    """Take away the space, comma or brackets that an empty variable leaves behind."""
    before = next((one for one in reversed(children[:position]) if one.type == "text" and one.content), None)
    after = children[position + 1] if position + 1 < len(children) else None
    if after is not None and after.type != "text":
        after = None
    at_start = not any(one.content or one.type == "softbreak" for one in children[:position])
    if after is not None and at_start:
        rest = re.sub(r"^[\s,:;，、：；]+", "", after.content)
        after.content = rest[:1].upper() + rest[1:]
    elif before is not None and (after is None or re.match(r"[\s,.;:!?)，。、；：！？）]", after.content)):
        before.content = before.content.rstrip(" ,，、")
    if before is None or after is None:
        return
    if before.content.endswith(("(", "（")) and after.content.startswith((")", "）")):
        before.content, after.content = before.content[:-1].rstrip(" "), after.content[1:]


def _plain(tokens: Iterable[Token]) -> str:
    """The text a reader would copy from the page: lists keep their marks, outside links their address."""
    lines: list[str] = []
    marks: list[int | None] = []  # of each list that is open: None for bullets, else the next number
    prefix = ""
    for token in tokens:
        if token.type == "bullet_list_open":
            marks.append(None)
        elif token.type == "ordered_list_open":
            marks.append(int(token.attrs.get("start", 1)))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            marks.pop()
            if not marks:
                lines.append("")
        elif token.type == "list_item_open":
            number = marks[-1]
            prefix = "  " * (len(marks) - 1) + ("- " if number is None else f"{number}. ")
            marks[-1] = None if number is None else number + 1
        elif token.type in ("inline", "fence", "code_block"):
            text = _inline(token.children) if token.children is not None else token.content.rstrip("\n")
            if text:
                indent = " " * len(prefix) if prefix else "  " * len(marks)
                lines.append(prefix + text.replace("\n", "\n" + indent) if marks else text)
                prefix = ""
        elif token.type in ("paragraph_close", "heading_close", "hr") and not marks:
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _inline(children: Iterable[Token]) -> str:
    parts: list[str] = []
    starts: list[tuple[int, str]] = []
    for child in children:
        if child.type == "link_open":
            starts.append((len(parts), str(child.attrs.get("href", ""))))
        elif child.type == "link_close":
            start, address = starts.pop()
            shown = "".join(parts[start:])
            target = re.sub(r"^(mailto|tel):", "", address, flags=re.IGNORECASE)
            if _ABSOLUTE.match(address) and target != shown:
                parts.append(f" ({target})")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n" if child.type == "hardbreak" else " ")
        else:
            parts.append(child.content)
    return "".join(parts)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.inline.ruler.before("escape", "variable", _parse_variable)
    return parser
