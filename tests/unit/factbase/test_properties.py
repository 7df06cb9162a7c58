"""Whatever an editor's file holds: findings, never a crash, and nothing that reaches a reader unescaped."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.findings import Finding, errors
from bot.core.messages import Turn
from bot.factbase.base import FactBase
from bot.factbase.checks import check_pack
from bot.factbase.loader import LISTS, load_pack
from bot.factbase.questions import load_questions
from bot.factbase.quotes import check_quotes
from bot.phrasebook.book import Phrasebook

NOW = datetime(2025, 12, 1, tzinfo=UTC)
ANY_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
YAML_LIKE = st.text("abi:-[]{}#&*!|>'\"%@`,? \n\t012~é\x00", max_size=200)
KEYS = st.sampled_from(
    [
        "id",
        "by",
        "quote",
        "when",
        "sources",
        "text",
        "en",
        "es",
        "name",
        "state",
        "kind",
        "reports",
        "roles",
        "exact",
        "known_from",
        "figure",
        "claims",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.sampled_from(["paper", "ruiz", "2025-11-06", "vote", "scheduled", "x" * 800, "<b>", ""]),
    st.text(max_size=20),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, st.text(max_size=8)), inner, max_size=5)
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def phrasebook(responses_folder: Path) -> Phrasebook:
    """The words of the repository, in English."""
    return Phrasebook(responses_folder, ["en"])


def all_findings(folder: Path) -> list[Finding]:
    """Everything that loading and checking the pack in `folder` finds."""
    pack, found = load_pack(folder)
    _, asked = load_questions(folder, ["help"], ["en", "es"])
    if pack is None:
        return found + asked
    return found + asked + check_pack(pack, NOW) + check_quotes(pack, None).findings


def assert_said_well(found: list[Finding]) -> None:
    for finding in found:
        assert finding.line >= 1
        assert finding.problem
        assert finding.remedy
        assert len(str(finding)) < 6_000


@pytest.mark.parametrize("name", ["topic", *LISTS, "questions/en"])
@ANY_FILE
@given(content=st.one_of(st.binary(max_size=200), YAML_LIKE.map(str.encode)))
def test_any_bytes_as_a_file_are_findings_and_no_crash(
    write_pack: Callable[..., Path], name: str, content: bytes
) -> None:
    folder = write_pack()
    (folder / "questions").mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_bytes(content)
    assert_said_well(all_findings(folder))


@pytest.mark.parametrize("name", ["topic", *LISTS])
@ANY_FILE
@given(data=TREES)
def test_any_tree_as_a_file_is_findings_and_no_crash(write_pack: Callable[..., Path], name: str, data: object) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    assert_said_well(all_findings(write_pack(files={f"{name}.yaml": text})))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.one_of(st.text(min_size=1, max_size=60), st.text("<>&\"'/{}%#;abs=", min_size=1, max_size=30)))
def test_any_text_is_refused_or_told_escaped(
    write_pack: Callable[..., Path], phrasebook: Phrasebook, words: str
) -> None:
    quoted = yaml.safe_dump(
        {"en": words, "es": "Nada."}, allow_unicode=True, default_flow_style=True, width=10_000
    ).strip()
    folder = write_pack(changes={"topic.yaml": ("{en: The bridge is old., es: El puente es viejo.}", quoted)})
    pack, found = load_pack(folder)
    if pack is None:
        assert errors(found)
        return
    html = phrasebook.render(Turn("what_happened"), FactBase(pack).at(NOW), "en", {}).html
    shown = " ".join(escape(words, quote=False).split())
    assert shown in " ".join(html.replace("&#34;", '"').replace("&#39;", "'").split())
    assert not any(tag in html for tag in ("<script", "<img", "<a>", "<b><b"))
