"""The editors' check of answers: instants between which they may differ, and templates that ask in vain."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.editorial.check import check_answers, turning_points
from bot.editorial.content import Content, load_content

DALLAS = ZoneInfo("America/Chicago")
NOW = datetime(2025, 12, 1, 12, tzinfo=DALLAS)
Load = Callable[..., Content]


@pytest.fixture
def load(write_pack: Callable[..., Path], articles: Path, responses_folder: Path) -> Load:
    """The small pack with words, the repository's where none are given."""

    def content(words: Path = responses_folder, **changes: object) -> Content:
        loaded = load_content(write_pack(**changes), words, lambda _: NOW, articles)
        assert loaded.content is not None, [str(finding) for finding in loaded.findings]
        return loaded.content

    return content


def test_a_sound_pack_answers_everything_without_a_finding(load: Load) -> None:
    assert list(check_answers(load(), NOW)) == []


def test_between_two_turning_points_no_answer_changes_what_it_tells(load: Load) -> None:
    content = load()
    points = turning_points(content, NOW)
    assert points == sorted(points)
    assert NOW in points
    for start, end in pairwise(points):
        first, last = (content.base.at(instant) for instant in (start, end - timedelta(minutes=2)))
        if last.now <= first.now:
            continue
        assert [view.standing for view in (first.decision, *first.deadlines)] == [
            view.standing for view in (last.decision, *last.deadlines)
        ]
        for name in ("sources", "events", "statements", "howtos"):
            assert getattr(first, name) == getattr(last, name)


def test_what_begins_and_ends_is_a_turning_point(load: Load) -> None:
    bounds = "valid_from: 2026-01-01T00:00, valid_until: 2026-02-01T00:00, text: {en: It decides."
    content = load(
        changes={
            "organisations.yaml": ("text: {en: It decides.", bounds),
            "events.yaml": ("sources: [paper]", "sources: [paper]\n  known_from: 2025-10-28T07:00"),
        }
    )
    points = set(turning_points(content, NOW))
    minute = timedelta(minutes=1)
    for moment in ("2026-01-01T00:00", "2026-02-01T00:00", "2025-10-28T07:00", "2025-11-06T09:00", "2026-12-02T00:00"):
        assert datetime.fromisoformat(moment).replace(tzinfo=DALLAS) + minute in points


def test_a_template_that_asks_in_vain_is_told_once_with_the_answer_that_needs_it(
    load: Load, responses_folder: Path, tmp_path: Path
) -> None:
    words = Path(shutil.copytree(responses_folder, tmp_path / "responses"))
    (words / "sources.html.j2").write_text("\n<p>{{ facts.none }}</p>\n<p>{{ lang.es }}</p>")
    (words / "what_is.html.j2").write_text("{% if entity and now.year > 2025 %}{{ entity.surname }}{% endif %}<p>x</p>")
    found = sorted(check_answers(load(words), NOW))
    assert {(Path(one.file).name, one.line) for one in found} == {("sources.html.j2", 2), ("what_is.html.j2", 1)}
    assert "sources in en at " in found[0].problem
    assert "what_is of " in found[-1].problem


def test_a_vote_with_an_hour_and_no_place_is_told_in_tags_that_close(load: Load) -> None:
    content = load(changes={"decisions.yaml": (", place: hall", "")})
    assert list(check_answers(content, datetime(2025, 11, 5, 12, tzinfo=DALLAS))) == []


def test_tags_that_do_not_close_are_a_finding(load: Load, responses_folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "responses"
    shutil.copytree(responses_folder, words)
    (words / "notice.html.j2").write_text("<p><b>{{ notices | length }}</p></b>\n")
    found = [str(finding) for finding in check_answers(load(words), NOW)]
    assert found
    assert all("is not well-formed" in finding and "notice" in finding for finding in found)


def test_a_picture_that_cannot_be_drawn_and_a_caption_that_is_too_long_are_found(
    load: Load, responses_folder: Path, tmp_path: Path
) -> None:
    words = tmp_path / "responses"
    shutil.copytree(responses_folder, words)
    (words / "cards" / "timeline.svg.j2").write_text('\n<svg xmlns="http://www.w3.org/2000/svg"><image/></svg>')
    (words / "cards" / "where_they_stand.html.j2").write_text(f"<p>{'word ' * 205}x</p>")
    found = [str(finding) for finding in check_answers(load(words), NOW)]
    assert len([one for one in found if "timeline.svg.j2:1: the picture is no SVG of a width of 1080" in one]) == 1
    assert [one for one in found if "has a caption of 1026, more than 1024" in one]
