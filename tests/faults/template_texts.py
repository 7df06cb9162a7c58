"""Templates as a stranger may write them: real ones with pieces moved about, random ones from a grammar, and ones that
double a list or a text and go through it again and again."""

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

STARTS = (
    "range(1000)", "range(3)", "'words '", "'ŉß<b>'", "[1, 2]", "{'a': range(9)}", "namespace(x='words')", "1",
    "(1, 'a')", "[range(9)]", "topic", "dict(a='words').values()",
)  # fmt: skip
DOUBLINGS = ("ns.l + ns.l", "[ns.l, ns.l]", "(ns.l, ns.l)", "ns.l + [1]", "ns.l|list + ns.l|list", "{1: ns.l, 2: ns.l}")
LINKS = (
    "map('list')", "map('first')", "map('sort')", "map('reverse')", "map('upper')", "map('round')", "map('length')",
    "map(attribute='a')", "map(attribute='x')", "map('map', 'list')", "map('map', 'upper')",
    "map('replace', 'w', 'ww')", "map('trim', 'sw')",
    "map('default', ns.l)", "map('striptags')", "map('unique')", "map('join', 'w')",
    "select",
    "select('in', ns.l)", "select('sameas', 1)", "rejectattr('x')", "sort", "sort(attribute='x')", "unique", "reverse",
    "list", "list", "list", "first", "join", "upper", "trim", "e", "abs", "int",
)  # fmt: skip
ENDS = (
    "{% set t = VALUE %}", "{% set t = VALUE|list %}", "{{ VALUE|list|length }}", "{{ VALUE is in(ns.l) }}",
    "{% for x in VALUE %}{{ loop.index }}{% endfor %}", "{{ VALUE == ns.l }}", "{{ VALUE|join }}",
    "{% set t = m(*VALUE) %}", "{% set t = dict(a=VALUE) %}", "{% set t = (VALUE)[1:] %}", "{{ names_of(VALUE) }}",
)  # fmt: skip


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
def doubled(draw: st.DrawFn) -> str:
    """A list that grows, what is made of it, and loops around that."""
    body = ""
    for _ in range(draw(st.integers(1, 3))):
        value = "|".join(["ns.l", *draw(st.lists(st.sampled_from(LINKS), max_size=3))])
        body += draw(st.sampled_from(ENDS)).replace("VALUE", value)
    for number in draw(st.lists(st.sampled_from((1, 3, 30, 1000)), max_size=2)):
        body = f"{{% for i in range({number}) %}}{body}{{% endfor %}}"
    start, doubling = draw(st.sampled_from(STARTS)), draw(st.sampled_from(DOUBLINGS))
    times = draw(st.sampled_from((0, 0, 1, 2, 3, 8, 13, 17)))
    grown = f"{{% for i in range({times}) %}}{{% set ns.l = {doubling} %}}{{% endfor %}}"
    macro = "{% macro m() %}{{ varargs|length }}{% endmacro %}"
    return f"{{% set ns = namespace(l={draw(st.sampled_from((start, f'[{start}]')))}) %}}{macro}{grown}{body}"


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


texts = st.one_of(invented(), moved(), doubled())
