"""Templates from a stranger: they reach nothing but words and facts, and what takes too much is refused."""

import pickle
import resource
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.errors import ContentError
from bot.core.messages import Turn
from bot.factbase.base import FactBase
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import LONGEST_PROBLEM, Phrasebook
from bot.phrasebook.catalogue import catalogue_path
from bot.phrasebook.fuel import MOST_LETTERS, MOST_STEPS
from bot.phrasebook.metering import WORDING

NOON = datetime(2025, 12, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
Render = Callable[..., str]
DOUBLED = "{% set ns = namespace(x='words') %}{% for i in range(60) %}{% set ns.x = OP %}{% endfor %}"
PAIRED = (
    "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = PAIR %}"
    "{% set ns.b = PAIR %}{% endfor %}{{ ns.a == ns.b }}"
)


@pytest.fixture
def facts(base_of: Callable[..., FactBase]) -> Snapshot:
    return base_of().at(NOON)


@pytest.fixture
def render(tmp_path: Path, facts: Snapshot) -> Render:
    """Renders a template's text as the answer to `what_is`; others by their names before the suffix."""

    def one(template: str, **others: str) -> str:
        for name, text in {"what_is": template, **others}.items():
            (tmp_path / f"{name}.html.j2").write_text(text, encoding="utf-8")
        return Phrasebook(tmp_path, ["en", "es"]).render(Turn("what_is"), facts, "en", {"more": "<i>"}).html

    return one


def refusal(render: Render, template: str, **others: str) -> str:
    with pytest.raises(ContentError) as caught:
        render(template, **others)
    assert len(str(caught.value)) < LONGEST_PROBLEM + 300
    return str(caught.value)


@pytest.mark.parametrize(
    "template",
    [
        "{{ facts.base.pack.folder.parent.joinpath('secret').read_text() }}",
        "{{ facts.base['pack'] }}",
        "{{ topic.parse_file('secret') }}",
        "{{ topic.parse_raw('x') }}",
        "{{ topic.model_construct() }}",
        "{{ topic.model_dump() }}",
        "{{ topic.copy() }}",
        "{{ topic.model_config.update({'frozen': false}) }}",
        "{{ say.__self__ }}",
        "{{ say.__globals__ }}",
        "{{ say.__func__.__globals__ }}",
        "{{ self.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ gettext.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ dict.__subclasses__() }}",
        "{{ range.__class__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ [topic]|map(attribute='__class__')|first }}",
        "{{ [topic]|map(attribute='__class__.__mro__')|first }}",
        "{{ [topic]|selectattr('__class__')|list|length }}",
        "{{ '{0.__class__}'.format(topic) }}",
        "{{ '{0.__class__}'.format_map({'0': topic}) }}",
        "{{ '%s'|format(topic) }}",
        "{{ '%s' % topic }}",
        "{{ topic }}",
        "{{ [topic] }}",
        "{{ {1: topic} }}",
        "{{ facts }}",
        "{{ say }}",
        "{{ [topic]|join }}",
        "{{ topic ~ '' }}",
        "{{ cycler(1).items }}",
        "{{ joiner }}",
        "{{ lipsum.__globals__ }}",
        "{% macro m() %}{{ caller.__class__ }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% macro m() %}{{ m._func }}{% endmacro %}{{ m() }}",
        "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
        "{% include '../secret' %}",
        "{% include '/etc/passwd' %}",
        "{% import 'file:///etc/passwd' as x %}",
        "{% extends '/etc/passwd' %}",
        "{% debug %}",
        "{% do notes.clear() %}",
        "{% set x = notes.update({'a': 1}) %}",
        "{{ entity.pack }}",
    ],
)
def test_a_template_reaches_nothing_of_the_program(render: Render, tmp_path: Path, template: str) -> None:
    (tmp_path / "secret").write_text("secret words")
    assert "secret words" not in refusal(render, template)


def test_a_pickle_in_a_pack_is_never_opened(render: Render, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "bomb").write_bytes(pickle.dumps(Bomb()))
    refusal(render, f"{{{{ topic.parse_file('{tmp_path}/bomb', proto='pickle', allow_pickle=true) }}}}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 10**9 }}",
        "{{ [1] * 10**9 }}",
        "{{ 10**9 }}",
        "{{ 999999999 * 99999999999999 }}",
        "{{ ('x' * 3) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999d'|format(1) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ gettext('%(x)999999999s', x=1) }}",
        "{{ _('%(x)s %999999999d', x=1) }}",
        "{{ 'x'|center(10**9) }}",
        "{{ 'x'.center(999999999) }}",
        "{{ 'x'.zfill(999999999) }}",
        "{{ 'x'|indent(999999999) }}",
        "{{ [1]|batch(999999999, 'x')|list }}",
        "{{ [1]|slice(999999999)|list }}",
        "{{ 1.5|round(999999999) }}",
        "{{ 1.5|round(-999999999) }}",
        "{{ lipsum(n=999999999) }}",
        "{{ range(10**9)|list|length }}",
        "{{ range(999999999)|list|length }}",
        "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
        "{% for i in range(1000) %}{{ range(1000)|join('x') }}{% endfor %}",
        "{% for i in range(1000) %}{% set x = range(1000)|list %}{{ x == x }}{% endfor %}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 'xxxxxxxxxxxxxxxxxxxx'|replace('', 'y' ~ more) }}" * 2 + DOUBLED.replace("OP", "ns.x|replace('', ns.x)"),
        DOUBLED.replace("OP", "ns.x ~ ns.x"),
        DOUBLED.replace("OP", "ns.x + ns.x"),
        DOUBLED.replace("OP", "[ns.x, ns.x]|join"),
        DOUBLED.replace("OP", "[ns.x, ns.x]|join(ns.x)"),
        DOUBLED.replace("OP", "gettext('%(a)s%(a)s', a=ns.x)"),
        DOUBLED.replace("OP", "ns.x|replace('w', ns.x)"),
        DOUBLED.replace("{% set ns.x = OP %}", "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}"),
        DOUBLED.replace("{% set ns.x = OP %}", "{% set ns.x = ns.y %}{% set ns.y %}{{ ns.x }}{{ ns.x }}{% endset %}"),
        DOUBLED.replace("OP", "[ns.x] + [ns.x]"),
        PAIRED.replace("PAIR", "[PRE, PRE]").replace("PRE", "ns.a", 2).replace("PRE", "ns.b"),
        PAIRED.replace("PAIR", "(PRE, PRE)").replace("PRE", "ns.a", 2).replace("PRE", "ns.b"),
        PAIRED.replace("PAIR", "{1: PRE, 2: PRE}").replace("PRE", "ns.a", 2).replace("PRE", "ns.b"),
        PAIRED.replace("PAIR", "dict(a=PRE, b=PRE)").replace("PRE", "ns.a", 2).replace("PRE", "ns.b"),
        "{% macro m(n) %}{{ m(n - 1) }}{{ m(n - 1) }}{% endmacro %}{{ m(60) }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(30) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'what_is.html.j2' %}",
        "{% extends 'what_is.html.j2' %}",
        "{% import 'what_is.html.j2' as x %}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{{ pattern(now, 'y' ~ range(1000)|join) }}",
        "{{ '" + "9" * 5000 + "' | int + 1 }}" + "{{ 10 ** 2 }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "not " * 3000 + "1 }}",
        "{{ 1" + "+1" * 9000 + " }}",
        "{{ more" + "|lower" * 3000 + " }}",
        "{% if more %}" * 500 + "{% endif %}" * 500,
        "{% for x in [1] %}" * 60 + "{% endfor %}" * 60,
        "{{ [" * 500 + "]}}" * 500,
    ],
)
def test_what_takes_too_much_is_refused(render: Render, template: str) -> None:
    refusal(render, template)


LISTS = "{% set ns = namespace(l=[START], x='') %}{% for i in range(TIMES) %}{% set ns.l = ns.l + ns.l %}{% endfor %}"
TEXT = "{% set ns = namespace(x='START') %}{% for i in range(TIMES) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
OFTEN = "{% for i in range(300) %}{% for j in range(300) %}{% set t = OP %}{% endfor %}{% endfor %}"
MOST_SECONDS = 3.0  # of the processor; each takes a tenth or less here


def lists(start: str, times: int) -> str:
    """A list of so many doublings, `ns.l`."""
    return LISTS.replace("START", start).replace("TIMES", str(times))


def text(start: str, times: int) -> str:
    """A text of so many doublings, `ns.x`."""
    return TEXT.replace("START", start).replace("TIMES", str(times))


def often(expression: str) -> str:
    return OFTEN.replace("OP", expression)


@pytest.mark.parametrize(
    "template",
    [
        lists("range(1000)", 14) + "{% set big = ns.l|map('list')|list %}ok",
        lists("range(1000)", 12) + "{{ ns.l|map('sort')|map('first')|list|length }}" * 15,
        lists("range(1000)", 12) + "{{ ns.l|map('select', 'lt', 0)|map('list')|list|length }}" * 15,
        lists("{'a': range(1000)}", 12) + "{{ ns.l|map(attribute='a')|map('list')|list|length }}" * 15,
        lists("range(1000)", 12) + "{% for r in ns.l %}{{ r|sort|length }}{% endfor %}",
        lists("range(1000)", 12) + "{% for r in ns.l %}{{ (r|reverse|list)|length }}{% endfor %}",
        lists("range(1000)", 12) + "{{ ns.l|map('reverse')|map('list')|list|length }}",
        often("range(1000)" + "|map('round')" * 4 + "|list"),
        often("range(1000)|unique|list"),
        often("range(1000)|select|sort(reverse=true)"),
        often("dict(x=range(1000)).values()|map('list')|list"),
        text("ŉß", 17) + often("ns.x.upper()"),
        text("ŉß", 17) + often("ns.x.strip('x')"),
        text("ŉß", 17) + often("ns.x[::-1]"),
        text("ŉß", 17) + often("ns.x[1:]"),
        text("ŉß", 17) + often("ns.x|reverse"),
        text("ŉß", 17) + often("'x' in ns.x"),
        text("ŉß", 17) + often("ns.x is in(ns.x)"),
        text("ŉß", 17) + often("ns.x == ns.x ~ ''"),
        text("ŉß", 17) + often("ns.x|replace('x', 'y')"),
        text("<b>", 17) + often("ns.x|striptags"),
        text("zz", 17) + "{{ ns.x.strip('y' ~ ns.x.upper() ~ 'z') }}",
        text("zz", 17) + "{{ ns.x|trim('y' ~ ns.x.upper() ~ 'z') }}",
        text("zz", 17) + "{{ [ns.x]|map('trim', 'y' ~ ns.x.upper() ~ 'z')|list|length }}",
        text("zz", 17) + "{{ range(1000)|map('default', '')|map('replace', 'a', ns.x)|list|length }}",
        text("zz", 17) + "{{ ['a']|map('list')|list|length }}" + lists("'a'", 13) + text("zz", 18).replace("ns", "n")
        + "{{ ns.l|select('in', n.x)|list|length }}",
        text("zz", 17) + lists("namespace(x=ns.x)", 13).replace("ns ", "n ").replace("ns.l", "n.l")
        + "{{ n.l|sort(attribute='x')|length }}",
        text("zz", 17) + lists("namespace(x=ns.x)", 13).replace("ns ", "n ").replace("ns.l", "n.l")
        + "{{ n.l|unique(attribute='x')|list|length }}",
        text("zz", 19) + "{{ ns.x|map('upper')|list|length }}",
        lists("1", 14) + "{{ range(1000)|select('in', ns.l)|list|length }}",
        lists("1", 14) + often("ns.l[1:]"),
        lists("1", 14) + "{{ range(1000)|map('default', 1)|select('eq', ns.l)|list|length }}" + often("ns.l < ns.l"),
        lists("1", 14) + "{% set d = {1: 1} %}{% set t = dict(a=ns.l).values()|list %}" + often("t[0]"),
        lists("1", 14) + "{% macro m() %}{{ varargs|length }}{% endmacro %}" + often("m(*ns.l)"),
        lists("1", 14) + "{{ names_of(ns.l) }}",
        lists("1", 14) + "{{ names_of(ns.l|map('abs')) }}",
        "{{ 'x' }}" + often("facts.sides('now')"),
        "{% set ns = namespace(t=(1,)) %}{% for i in range(14) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}"
        "{% set d = {1: 1} %}" + often("d[ns.t]|default(1)"),
        text("f", 17) + "{% set n = ns.x|int(base=16) %}" + often("n is even"),
    ],
)  # fmt: skip
def test_what_takes_too_long_or_too_much_memory_is_refused_soon(render: Render, template: str) -> None:
    began = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "more than" in refusal(render, template)
    assert time.process_time() - began < MOST_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    ("template", "html"),
    [
        ("{{ range(1000)|map('round')|list|length }}", "1000"),
        ("{{ {'a': 1, 'b': 2}.items()|map('first')|join(',') }}", "a,b"),
        ("{{ ' x '.strip() }}{{ 'xyx'|trim('x') }}{{ 'abc'[::-1] }}", "xycba"),
        ("{{ [namespace(a='y'), namespace(a='x')]|sort(attribute='a')|map(attribute='a')|join }}", "xy"),
        ("{{ missing|default('x') }}{{ missing is defined }}{{ ['b', 'c']|select('in', 'abb')|join }}", "xFalseb"),
        ("{% macro m() %}{{ varargs|sort|first }}{% endmacro %}{{ m(*range(9)) }}{{ dict(a=1)['a'] }}", "01"),
        ("{% for x in [3, 4]|reverse %}{{ loop.length }}{{ loop.last }}{% endfor %}", "2False2True"),
    ],
)
def test_what_is_little_is_rendered(render: Render, template: str, html: str) -> None:
    assert render(template) == html


def test_templates_that_call_for_one_another_are_refused(render: Render) -> None:
    names = [f"t{number}" for number in range(40)]
    others = {
        name: f"{{% include '{after}.html.j2' %}}" * 2 for name, after in zip(names, [*names[1:], "end"], strict=True)
    }
    assert "steps" in refusal(render, "{% include 't0.html.j2' %}", end="x", **others)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (
            "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
            f"more than {MOST_STEPS} steps",
        ),
        (DOUBLED.replace("OP", "ns.x ~ ns.x"), f"more than {MOST_LETTERS} letters"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested more than"),
        ("{{ 'x'|center(3) }}", "No filter named 'center'"),
        ("{{ [1] }}", "a value of the kind 'list' cannot be shown"),
        *((f"{{{{ facts|{name} }}}}", "a value of the kind 'Snapshot' cannot be shown") for name in sorted(WORDING)),
        *(
            (f"{{{{ [facts]|map('{name}')|first }}}}", "a value of the kind 'Snapshot' cannot be shown")
            for name in sorted(WORDING)
        ),
    ],
)
def test_a_refusal_says_what_was_too_much(render: Render, template: str, problem: str) -> None:
    message = refusal(render, f"<p>\n{template}")
    assert problem in message
    assert "what_is.html.j2:2: " in message


def test_a_spent_rendering_leaves_the_next_one_whole(render: Render) -> None:
    for _ in range(3):
        refusal(render, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
    assert render("{% for i in range(900) %}{% endfor %}{{ more }}") == "&lt;i&gt;"


def test_what_an_imported_template_keeps_is_gone_with_the_answer(tmp_path: Path, facts: Snapshot) -> None:
    (tmp_path / "part.j2").write_text("{% set kept = namespace(n=0) %}")
    (tmp_path / "what_is.html.j2").write_text(
        "{% import 'part.j2' as part %}{% set ns = part.kept %}{% set ns.n = ns.n + 1 %}{{ ns.n }}"
    )
    book = Phrasebook(tmp_path, ["en"])
    assert [book.render(Turn("what_is"), facts, "en", {}).html for _ in range(3)] == ["1", "1", "1"]


def test_translations_fill_in_words_and_nothing_else(tmp_path: Path, facts: Snapshot) -> None:
    path = catalogue_path(tmp_path, "es")
    path.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    path.write_text(head + 'msgid "Of %(name)s"\nmsgstr "%(name)999999999s"\n', "utf-8")
    (tmp_path / "what_is.html.j2").write_text("{% trans name=more %}Of {{ name }}{% endtrans %}")
    book = Phrasebook(tmp_path, ["en", "es"])
    assert book.render(Turn("what_is"), facts, "en", {"more": "<b>"}).html == "Of &lt;b&gt;"
    with pytest.raises(ContentError, match="neither"):
        book.render(Turn("what_is"), facts, "es", {"more": "<b>"})
