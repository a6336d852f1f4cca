"""The forms that product pictures are made of: each a function of two colours and a product's digest.

Drawn on a square of 200; a shape takes its main colour, its accent and eight bytes that vary it.
"""

from __future__ import annotations

from collections.abc import Callable


def backdrop(colour: str, digest: bytes) -> str:
    """Two soft circles, placed by the product's digest."""
    return "".join(
        f'<circle cx="{20 + digest[i] % 160}" cy="{20 + digest[i + 1] % 160}" r="{34 + digest[i] % 40}" '
        f'fill="{colour}" opacity="0.08"/>'
        for i in (0, 2)
    )


def _round(skin: str, leaf: str, digest: bytes) -> str:
    """One to three rounds with a leaf."""
    places = [
        [(100, 112, 52)],
        [(76, 118, 40), (126, 112, 44)],
        [(68, 126, 34), (132, 126, 34), (100, 84, 36)],
    ]
    return "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{skin}" stroke="#fffaf0" stroke-width="2"/>'
        f'<circle cx="{x - r // 3}" cy="{y - r // 3}" r="{r // 5}" fill="#ffffff" opacity="0.35"/>'
        f'<path d="M{x} {y - r} q4 -14 18 -18 q0 16 -18 18z" fill="{leaf}"/>'
        for x, y, r in places[digest[5] % 3]
    )


def _crescent(skin: str, leaf: str, digest: bytes) -> str:
    turn = digest[4] % 30
    fruit = "".join(
        f'<path d="M52 70 q14 78 92 70 q-10 26 -52 20 q-58 -10 -52 -88z" fill="{skin}" stroke="#d9a520" '
        f'stroke-width="2" transform="rotate({-14 * i - turn // 3} 60 70)"/>'
        for i in range(3)
    )
    return f'{fruit}<circle cx="47" cy="68" r="8" fill="{leaf}"/>'


def _leaf(skin: str, leaf: str, digest: bytes) -> str:
    leaves = "".join(
        f'<path d="M100 158 q-46 -30 -30 -82 q10 -26 30 -30 q20 4 30 30 q16 52 -30 82z" fill="{colour}" '
        f'transform="rotate({angle} 100 150)"/>'
        for angle, colour in ((-34, leaf), (34, leaf), (-14, skin), (14, skin), (0, "#8cc26a"))
    )
    return f'{leaves}<path d="M100 150 v-{70 + digest[4] % 16}" stroke="#e8f3df" stroke-width="4"/>'


def _root(skin: str, leaf: str, digest: bytes) -> str:
    roots = "".join(
        f'<g transform="rotate({angle} 100 60)">'
        f'<path d="M86 66 q14 -12 28 0 l-12 92 q-2 6 -4 0z" fill="{skin}"/>'
        f'<path d="M100 64 q-14 -26 -6 -34 q6 12 6 20 q2 -18 12 -22 q2 16 -12 36z" fill="{leaf}"/></g>'
        for angle in (-24 - digest[4] % 8, 0, 24 + digest[5] % 8)
    )
    return roots + '<path d="M96 92 h10 M95 112 h9" stroke="#ffffff" stroke-width="3" opacity="0.5"/>'


def _steak(shape: str, accent: str, digest: bytes) -> str:
    turn = digest[4] % 30 - 15
    return (
        f'<g transform="rotate({turn} 100 104)">'
        f'<path d="M46 96 q6 -48 62 -44 q56 4 50 54 q-6 46 -60 46 q-58 0 -52 -56z" fill="{shape}"/>'
        f'<path d="M62 98 q6 -32 46 -30 q40 2 36 38 q-6 30 -44 30 q-42 0 -38 -38z" fill="{accent}" '
        'opacity="0.75"/>'
        f'<circle cx="{92 + digest[5] % 24}" cy="98" r="11" fill="#fffaf0"/></g>'
    )


def _fish(shape: str, accent: str, digest: bytes) -> str:
    eye = 66 + digest[4] % 8
    return (
        f'<path d="M38 104 q46 -54 98 -6 l28 -26 v64 l-28 -26 q-52 48 -98 -6z" fill="{shape}"/>'
        f'<path d="M92 78 q16 26 0 50" fill="none" stroke="{accent}" stroke-width="5"/>'
        f'<circle cx="{eye}" cy="98" r="6" fill="#ffffff"/><circle cx="{eye}" cy="98" r="3" fill="#22313f"/>'
    )


def _loaf(shape: str, accent: str, digest: bytes) -> str:
    cuts = "".join(
        f'<path d="M{62 + 26 * i} 92 l12 26" stroke="{accent}" stroke-width="5" stroke-linecap="round"/>'
        for i in range(2 + digest[4] % 2)
    )
    return (
        f'<path d="M40 148 v-44 q-10 -42 36 -42 h50 q46 0 36 42 v44 q0 8 -8 8 h-106 q-8 0 -8 -8z" '
        f'fill="{shape}"/>{cuts}<path d="M40 140 h122" stroke="{accent}" stroke-width="4" opacity="0.4"/>'
    )


def _carton(shape: str, accent: str, digest: bytes) -> str:
    band = 104 + digest[4] % 20
    return (
        f'<path d="M66 80 l18 -30 h34 l18 30 v84 h-70z" fill="#ffffff"/>'
        f'<path d="M66 80 h70 v84 h-70z" fill="{shape}" opacity="0.9"/>'
        f'<rect x="66" y="{band}" width="70" height="30" fill="{accent}"/>'
        f'<rect x="84" y="42" width="34" height="10" fill="{shape}"/>'
    )


def _bottle(shape: str, accent: str, digest: bytes) -> str:
    label = 112 + digest[4] % 12
    return (
        f'<path d="M88 34 h24 v30 q22 12 22 38 v58 q0 10 -10 10 h-48 q-10 0 -10 -10 v-58 q0 -26 22 -38z" '
        f'fill="{shape}"/><rect x="86" y="26" width="28" height="12" rx="3" fill="{accent}"/>'
        f'<rect x="66" y="{label}" width="68" height="34" fill="#ffffff" opacity="0.85"/>'
        f'<circle cx="100" cy="{label + 17}" r="10" fill="{accent}"/>'
    )


def _flake(shape: str, accent: str, digest: bytes) -> str:
    turn = digest[4] % 60
    arms = "".join(
        f'<path d="M100 66 v-34 m-10 12 l10 10 l10 -10" transform="rotate({turn + 60 * i} 100 100)" '
        f'fill="none" stroke="{accent}" stroke-width="6" stroke-linecap="round"/>'
        for i in range(6)
    )
    return (
        f'<rect x="52" y="58" width="96" height="96" rx="12" fill="{shape}"/>'
        f'<g transform="translate(30 36) scale(0.7)">{arms}</g>'
    )


def _sweet(shape: str, accent: str, digest: bytes) -> str:
    turn = digest[4] % 50 - 25
    return (
        f'<g transform="rotate({turn} 100 100)"><path d="M62 100 l-30 -22 v44z M138 100 l30 -22 v44z" '
        f'fill="{accent}"/><rect x="58" y="72" width="84" height="56" rx="28" fill="{shape}"/>'
        f'<path d="M80 74 l20 52 M104 74 l20 52" stroke="{accent}" stroke-width="8"/></g>'
    )


def _egg(shape: str, accent: str, digest: bytes) -> str:
    eggs = "".join(
        f'<ellipse cx="{x}" cy="{y}" rx="27" ry="35" fill="{colour}" stroke="{shape}" stroke-width="2"/>'
        for x, y, colour in ((70, 100, "#fffaf0"), (130, 100, accent), (100, 92 + digest[4] % 8, "#fbe7cf"))
    )
    return f'{eggs}<path d="M34 112 h132 l-12 44 h-108z" fill="{shape}"/>'


def _wedge(shape: str, accent: str, digest: bytes) -> str:
    holes = "".join(
        f'<circle cx="{66 + 30 * i}" cy="{124 + digest[i] % 16}" r="{6 + digest[4 + i] % 5}" fill="{shape}"/>'
        for i in range(3)
    )
    return (
        f'<path d="M36 108 l92 -50 q32 14 36 50z" fill="{accent}"/>'
        f'<path d="M36 108 h128 v46 h-128z" fill="{accent}" opacity="0.85"/>{holes}'
    )


def _bag(shape: str, accent: str, digest: bytes) -> str:
    label = 96 + digest[4] % 14
    return (
        f'<path d="M58 46 l8 8 l9 -8 l9 8 l8 -8 l8 8 l9 -8 l8 8 l9 -8 l8 8 l8 -8 q-12 56 0 112 h-84 '
        f'q12 -56 0 -112z" fill="{shape}"/><circle cx="100" cy="{label}" r="27" fill="{accent}"/>'
        f'<path d="M86 {label} q14 -16 28 0 q-14 16 -28 0z" fill="#fffaf0"/>'
    )


def _can(shape: str, accent: str, digest: bytes) -> str:
    band = 88 + digest[4] % 16
    return (
        f'<path d="M58 62 v84 q42 22 84 0 v-84z" fill="{shape}"/>'
        f'<path d="M58 {band} q42 20 84 0 v34 q-42 20 -84 0z" fill="#fffaf0"/>'
        f'<circle cx="100" cy="{band + 26}" r="11" fill="{accent}"/>'
        f'<ellipse cx="100" cy="62" rx="42" ry="13" fill="{accent}" opacity="0.8"/>'
    )


def _box(shape: str, accent: str, digest: bytes) -> str:
    x = 60 + digest[4] % 8
    return (
        f'<path d="M{x - 14} 84 l54 -26 l54 26 l-54 26z" fill="{accent}"/>'
        f'<path d="M{x - 14} 84 l54 26 v56 l-54 -26z" fill="{shape}"/>'
        f'<path d="M{x + 94} 84 l-54 26 v56 l54 -26z" fill="{shape}" opacity="0.75"/>'
    )


def _tube(shape: str, accent: str, digest: bytes) -> str:
    turn = digest[4] % 24 - 12
    return (
        f'<g transform="rotate({turn} 100 100)"><path d="M68 44 h64 l-10 96 h-44z" fill="{shape}"/>'
        f'<rect x="80" y="140" width="40" height="22" rx="4" fill="{accent}"/>'
        f'<path d="M86 70 h28 M88 84 h24" stroke="#ffffff" stroke-width="6" stroke-linecap="round"/></g>'
    )


def _flower(shape: str, accent: str, digest: bytes) -> str:
    petals = 5 + digest[4] % 3
    ring = "".join(
        f'<ellipse cx="100" cy="58" rx="15" ry="25" fill="{shape}" '
        f'transform="rotate({360 * i // petals} 100 88)"/>'
        for i in range(petals)
    )
    return (
        f'<path d="M100 92 v78 m0 -26 q26 -6 30 -26 q-28 0 -30 26z" stroke="{accent}" stroke-width="6" '
        f'fill="{accent}"/>{ring}<circle cx="100" cy="88" r="14" fill="#f4d35e"/>'
    )


def _jar(shape: str, accent: str, digest: bytes) -> str:
    face = 108 + digest[4] % 10
    return (
        f'<rect x="62" y="66" width="76" height="92" rx="16" fill="{accent}" opacity="0.85"/>'
        f'<rect x="58" y="44" width="84" height="24" rx="6" fill="{shape}"/>'
        f'<circle cx="100" cy="{face}" r="24" fill="#fffaf0"/>'
        f'<path d="M90 {face + 4} q10 10 20 0" fill="none" stroke="{shape}" stroke-width="4" '
        'stroke-linecap="round"/>'
    )


def _paw(shape: str, accent: str, digest: bytes) -> str:
    turn = digest[4] % 40 - 20
    return (
        f'<g transform="rotate({turn} 100 110)" fill="{shape}"><ellipse cx="100" cy="128" rx="32" ry="26"/>'
        '<circle cx="62" cy="100" r="14"/><circle cx="86" cy="78" r="15"/><circle cx="114" cy="78" r="15"/>'
        f'<circle cx="138" cy="100" r="14"/><circle cx="100" cy="128" r="9" fill="{accent}"/></g>'
    )


SHAPES: dict[str, Callable[[str, str, bytes], str]] = {
    "snack": _bag,
    "egg": _egg,
    "cheese": _wedge,
    "meat": _steak,
    "fish": _fish,
    "bakery": _loaf,
    "dairy": _carton,
    "drink": _bottle,
    "frozen": _flake,
    "sweet": _sweet,
    "pantry": _can,
    "home": _box,
    "care": _tube,
    "flower": _flower,
    "baby": _jar,
    "pet": _paw,
}

FORMS: dict[str, Callable[[str, str, bytes], str]] = {
    "round": _round,
    "crescent": _crescent,
    "leaf": _leaf,
    "root": _root,
}
