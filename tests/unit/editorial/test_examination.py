"""What the doctor says of content: findings, age, proof."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.observations import Condition, Observation
from bot.editorial.examination import examine_content
from bot.factbase.loader import load_pack
from bot.factbase.quotes import check_quotes

Look = Callable[..., list[Observation]]


@pytest.fixture
def look(write_pack: Callable[..., Path], articles: Path, responses_folder: Path) -> Look:
    """Examines the small pack, changed as `write_pack` does, its quotations proven, at a moment."""

    def examine(at: str = "2025-12-01T12:00", **changes: object) -> list[Observation]:
        folder = write_pack(**changes)
        pack, _ = load_pack(folder)
        if pack:
            (folder / "quotes.lock").write_text(check_quotes(pack, articles).lock or "{}", "utf-8")
        return examine_content(folder, responses_folder, lambda zone: _moment(at, zone))

    return examine


def _moment(at: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=zone)


def test_pack_that_is_served_tells_its_warnings_its_age_and_its_proof(look: Look) -> None:
    findings, age, proof = look()
    assert findings.condition is Condition.WARNING  # it has no questions
    assert "old-bridge is served, with" in findings.seen
    assert age.condition is Condition.OK
    assert "24 days old (2025-11-06)" in age.seen
    assert "proven" in proof.seen


def test_pack_with_errors_is_an_error(look: Look) -> None:
    (only,) = look(changes={"topic.yaml": ("decision: mending", "decision: nothing")})
    assert only.condition is Condition.ERROR
    assert "has 1 error and is not served" in only.seen
    assert "explainer check" in only.remedy


def test_missing_pack_is_an_error(tmp_path: Path, responses_folder: Path) -> None:
    (only,) = examine_content(tmp_path / "none", responses_folder, lambda zone: _moment("2025-12-01T12:00", zone))
    assert only.condition is Condition.ERROR


def test_old_sources_are_told(look: Look) -> None:
    (old,) = [one for one in look("2026-03-01T12:00") if "newest source" in one.seen]
    assert old.condition is Condition.WARNING
    assert "114 days old" in old.seen


def test_age_of_one_day_is_singular(look: Look) -> None:
    (_, age, _) = look("2025-11-08T12:00")
    assert "1 day old (2025-11-06)" in age.seen


def test_time_before_all_sources_is_told(look: Look) -> None:
    (early,) = [one for one in look("2020-01-01T12:00") if "no source is known" in one.seen]
    assert early.condition is Condition.WARNING


def test_articles_that_are_not_at_hand_are_counted(look: Look) -> None:
    changes = {"sources.yaml": (", text: paper.txt", "")}
    assert any("1 article was not at hand" in one.seen for one in look(changes=changes))
