"""Bends JSON: other values in a few places, depths that no parser takes, bytes that are no JSON."""

import json
from typing import Any

from hypothesis import strategies as st

ODD: tuple[Any, ...] = (
    "fail", None, True, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 1.5, 1e308, "", "0", "\x00",
    "private words \x00 \u202e\u0627",
    "x" * 5000, "😀" * 2100, "\ud800", "</b>{{7*7}}", [], [[]], {}, [None], {"id": {}}, "/start " + "v" * 70,
)  # fmt: skip
MOST_BENT = 4
DEEPEST = 1200  # levels; the parsers take 1024 or fewer
DEEP = "a value deep within others"

Path = tuple[Any, ...]


@st.composite
def bent_json(
    draw: st.DrawFn, value: Any, around: tuple[str, ...] = ("[%s]", '{"text": %s}'), most: int = MOST_BENT
) -> str:
    """A value as JSON, bent in up to `most` places; `around` is what a deep value lies within, again and again."""
    odd = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.just(DEEP))
    for _ in range(draw(st.integers(0, most))):
        path = draw(st.sampled_from(_places(value)))
        value = _bent(value, path, draw(odd), draw(st.booleans()))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if f'"{DEEP}"' in text:
        before, _, after = draw(st.sampled_from(around)).partition("%s")
        depth = draw(st.integers(1, DEEPEST))
        text = text.replace(f'"{DEEP}"', before * depth + "null" + after * depth, 1)
    return text


@st.composite
def torn(draw: st.DrawFn, body: bytes) -> bytes:
    """The bytes, one time in ten with a few others in their place."""
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 4)) :]
    return body


def _places(value: Any, path: Path = ()) -> list[Path]:
    """The way to every value inside, its own first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _bent(value: Any, path: Path, odd: Any, is_dropped: bool) -> Any:
    """A copy with another value at the end of the way, or with none."""
    if not path:
        return odd
    copied = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and is_dropped:
        del copied[path[0]]
    else:
        copied[path[0]] = _bent(copied[path[0]], path[1:], odd, is_dropped)
    return copied
