"""Templates as a stranger may write them: real ones with pieces moved about, and random ones from a grammar."""

import re
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

RESPONSES = Path(__file__).resolve().parents[2] / "responses"
PIECE = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
NAMES = (
    "facts", "topic", "now", "entity", "notes", "say", "tell", "cite", "name", "pattern", "dates", "loop", "ns",
    "x", "m", "range", "namespace", "dict", "gettext", "ngettext", "self", "caller", "true", "none", "lipsum",
    "cycler", "__builtins__",
)  # fmt: skip
FIELDS = (
    "base", "pack", "name", "root", "get", "items", "values", "text", "summary", "events", "statements",
    "decision", "report", "__class__", "__init__", "__globals__", "_module", "format", "join", "x", "when",
    "start", "model_dump", "parse_file",
)  # fmt: skip
FILTERS = (
    "length", "list", "join", "replace('a', 'bb')", "map('upper')", "map(attribute='name')", "select", "sort",
    "reverse", "unique", "first", "int", "round(3)", "center(99999999)", "format(1)", "attr('x')", "batch(9)",
    "safe", "string", "tojson",
)  # fmt: skip
OPERATORS = ("+", "-", "*", "**", "/", "//", "%", "~", "==", "<", "in", "and", "or", "is", "if x else")
TAGS = (
    "for x in {} ", "for x in {} recursive ", "if {} ", "set x = {} ", "set ns.x = {} ", "macro m(x) ",
    "call m({}) ", "block b ", "filter upper ", "include {} ", "import {} as m ", "extends {} ", "trans x={} ",
    "with x={} ", "autoescape {} ", "endfor ", "endif ", "endmacro ", "endcall ", "endblock ", "endfilter ",
    "endtrans ", "endset ", "set x ", "else ", "raw ",
)  # fmt: skip
SETTING = (
    "{% set ns = namespace(x='words') %}{% set x = [topic, now, 'words'] %}"
    "{% macro m(x) %}{{ x }}{{ m(x) }}{% endmacro %}"
)


@cache
def _pieces() -> tuple[tuple[str, ...], ...]:
    """Of each real template what stands in it, tag by tag."""
    return tuple(tuple(PIECE.split(path.read_text("utf-8"))) for path in sorted(RESPONSES.rglob("*.j2")))


simple = st.one_of(
    st.sampled_from(NAMES),
    st.integers(-5, 10**12).map(str),
    st.sampled_from(("'a'", "''", "'%s'", "[]", "{}", "1.5", "'{}'")),
    st.sampled_from(("range(1000)", "x * 99", "'what_is.html.j2'", "'parts/facts.html.j2'", "namespace(x=1)")),
)  # fmt: skip
expressions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda three: f"({' '.join(three)})"),
        st.tuples(inner, st.sampled_from(FIELDS)).map(".".join),
        st.tuples(inner, st.sampled_from(FILTERS)).map("|".join),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"{two[0]}[{two[1]}]"),
        st.tuples(inner, inner).map(lambda two: f"[{two[0]}, {two[1]}]"),
        st.tuples(inner, inner).map(lambda two: f"{{{two[0]}: {two[1]}}}"),
    ),
    max_leaves=8,
)


@st.composite
def invented(draw: st.DrawFn) -> str:
    """Loops, macros and expressions, most of which close."""
    body = "".join(f"{{{{ {one} }}}}" for one in draw(st.lists(expressions, min_size=1, max_size=3)))
    for tag in draw(st.lists(st.sampled_from(TAGS), max_size=5)):
        opening = f"{{% {tag.format(draw(expressions))}%}}"
        word = tag.split()[0]
        body = f"{opening}{body}{{% end{word} %}}" if draw(st.integers(0, 4)) else opening + body
    return SETTING + body


@st.composite
def moved(draw: st.DrawFn) -> str:
    """A real template with pieces of this one and others put in, left out or written twice."""
    pieces = list(draw(st.sampled_from(_pieces())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces)))
        other = draw(st.sampled_from(_pieces()))
        start = draw(st.integers(0, len(other)))
        new = [
            *other[start : start + draw(st.integers(0, 3))],
            draw(st.one_of(st.just(""), st.text(max_size=5), invented())),
        ]
        pieces[at : at + draw(st.integers(0, 2))] = new
    return "".join(pieces)


texts = st.one_of(invented(), moved())
