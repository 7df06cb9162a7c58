"""Whatever a stranger's template says: it is rendered, or fails with a sentence, within what a rendering may spend."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from jinja2 import FunctionLoader

from bot.core.errors import ContentError
from bot.core.messages import Turn
from bot.factbase.base import FactBase
from bot.factbase.loader import load_pack
from bot.phrasebook.book import Phrasebook
from bot.phrasebook.catalogue import load_translations
from bot.phrasebook.fuel import MOST_LETTERS
from bot.phrasebook.sandbox import Sandbox
from bot.phrasebook.voice import Voice
from tests.faults.fuzzing import QUIET, peak, tried
from tests.faults.pack_files import PACK
from tests.faults.template_texts import RESPONSES, texts

MOST_SECONDS = 3.0  # of the processor for one template; the longest take a quarter of a second
PARTS = {path.relative_to(RESPONSES).as_posix(): path.read_text("utf-8") for path in RESPONSES.rglob("*.j2")}


class Templates(dict[str, str]):
    """The real ones, of which one after the other is another."""

    def load(self, name: str) -> str | None:
        return self.get(name)


@pytest.fixture(scope="module")
def values() -> Mapping[str, Any]:
    pack, _ = load_pack(PACK)
    assert pack is not None
    facts = FactBase(pack).at(datetime(2025, 11, 5, 12, tzinfo=UTC))
    more = {"sentence": None, "dated": None, "feed": None, "entity": None, "turn": Turn("what_is"), "lang": "es"}
    return {"facts": facts, "topic": facts.topic, "now": facts.now, **more, **Voice(facts, "es").names()}


def _forget(sandbox: Sandbox, name: str) -> None:
    """A sandbox keeps what it compiled for as long as it lives."""
    assert isinstance(sandbox.cache, dict)
    for key in [key for key in sandbox.cache if key[1] == name]:
        del sandbox.cache[key]


def try_templates(values: Mapping[str, Any], examples: int) -> tuple[int, int]:
    """How many of so many templates were rendered, and how many failed."""
    templates, seen, number = Templates(PARTS), [0, 0], iter(range(10**9))
    sandbox = Sandbox(FunctionLoader(templates.load), load_translations(RESPONSES, "es")[0])

    def ends(text: str) -> None:
        name = f"{next(number)}.j2"
        templates[name] = text
        sandbox.meter.fill()
        began = time.process_time()
        try:
            html = sandbox.get_template(name).render(values)
        except Exception:  # the phrasebook makes a sentence of each; what matters here is that it ends
            seen[1] += 1
        else:
            seen[0] += 1
            assert len(html) <= MOST_LETTERS
            assert not any(word in html for word in (" object at 0x", "<class ", "<function ", "root:x:", str(PACK)))
        assert time.process_time() - began < MOST_SECONDS, text
        del templates[name]
        _forget(sandbox, name)

    tried(texts, ends, examples)
    return seen[0], seen[1]


def test_any_template_ends(values: Mapping[str, Any]) -> None:
    rendered, failed = try_templates(values, 200)
    assert rendered > 5
    assert failed > 5


@settings(QUIET, max_examples=20)
@given(text=texts)
def test_a_phrasebook_says_in_a_sentence_why_a_template_fails(
    text: str, values: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("words")
    (folder / "what_is.html.j2").write_text(text, "utf-8", "replace")
    said = "rendered: 0: whole"
    try:
        Phrasebook(folder, ["en"]).render(Turn("what_is"), values["facts"], "en", {})
    except ContentError as error:
        said = str(error)
    assert "\n" not in said
    assert said.count(": ") >= 2


@pytest.mark.long
def test_very_many_templates_end(values: Mapping[str, Any], is_bounded: bool) -> None:
    before = peak()
    seen = try_templates(values, 2_000 if is_bounded else 100_000)
    print(f"\nrendered, failed: {seen}")
    assert seen[0] > seen[1] / 15 > 1
    assert peak() - before < 300
