"""Templates from a stranger: they reach nothing but words and facts, and what takes too much is refused."""

import pickle
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
