"""Quotations proven letter for letter against their articles, and against the lock where those are not at hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.factbase.loader import load_pack
from bot.factbase.models import Segment
from bot.factbase.quotes import LOCK_NAME, Folded, QuoteCheck, check_quotes, fold

CheckPack = Callable[..., QuoteCheck]


@pytest.fixture
def checked(write_pack: Callable[..., Path]) -> CheckPack:
    """Checks the quotations of the small pack, written as `write_pack` does, against a folder or the lock."""

    def check(folder: Path | None, **changes: object) -> QuoteCheck:
        pack, findings = load_pack(write_pack(**changes))
        assert pack is not None
        assert findings == []
        return check_quotes(pack, folder)

    return check


def with_quote(quote: str) -> dict[str, tuple[str, str]]:
    """The small pack with another quotation of the chief; `quote` is YAML."""
    return {"statements.yaml": ("quote: No comment.", f"quote: {quote}")}


def test_true_quotations_are_proven_with_their_place_in_the_article(checked: CheckPack, articles: Path) -> None:
    check = checked(articles)
    assert (check.findings, check.proven, check.unchecked) == ([], 3, ())
    lock = json.loads(check.lock)
    text = (articles / "paper.txt").read_text()
    spans = {key: text[proof["start"] : proof["end"]] for key, proof in lock["quotes"].items()}
    assert spans == {
        "lee-silent.quote.0@paper": "No comment.",
        "ruiz-mend.quote.0@paper": "The bridge is old",
        "ruiz-mend.quote.1@paper": "It isn't safe, and we will   mend it.",
    }
    assert list(lock["articles"]) == ["paper"]
    assert len(lock["articles"]["paper"]["sha256"]) == 64


@pytest.mark.parametrize(
    "quote",
    [
        "No coment.",
        "No commemt.",
        "no comment.",
        "No comment!",
        "No comments.",
        "Nocomment.",
        "Nó comment.",
        "No, comment.",
    ],
)
def test_one_changed_letter_is_an_error_at_its_line_with_the_nearest_passage(
    checked: CheckPack, articles: Path, quote: str
) -> None:
    check = checked(articles, changes=with_quote(quote))
    (finding,) = check.findings
    assert (finding.line, finding.field) == (13, "quote")
    assert "do not stand in paper.txt" in finding.problem
    assert "No comment." in finding.remedy
    assert check.lock is None


def test_where_the_words_part_is_told(checked: CheckPack, articles: Path) -> None:
    (finding,) = checked(articles, changes=with_quote("The bridge is long, and it is old then")).findings
    assert finding.remedy.startswith(
        "copy the words letter for letter; the nearest passage is “The bridge is long, and "
    )
    assert "; after “…long, and it” the quotation has “is old then”, the article “was old then" in finding.remedy
    (distant,) = checked(articles, changes=with_quote("zzzz qqqq xxxx")).findings
    assert distant.remedy == "copy the words letter for letter"


@pytest.mark.parametrize("quote", ["“It isn’t safe, and we will mend it.”", "It isn't safe,   and we will mend it."])
def test_typographic_quotes_and_white_space_are_folded(checked: CheckPack, articles: Path, quote: str) -> None:
    assert checked(articles, changes=with_quote(quote)).findings == []


@pytest.mark.parametrize(
    "quote",
    ["It isn´t safe", "It isn`t safe", "It isnt safe", "it isn't safe", "It isn't s\u0430fe", "It isn't safe —"],
)
def test_nothing_else_is_folded(checked: CheckPack, articles: Path, quote: str) -> None:
    assert len(checked(articles, changes=with_quote(quote)).findings) == 1


@pytest.mark.parametrize("quote", ["he bridge is ol", "omment.", "t isn't safe"])
def test_words_cut_in_the_middle_are_no_quotation(checked: CheckPack, articles: Path, quote: str) -> None:
    (finding,) = checked(articles, changes=with_quote(quote)).findings
    assert "do not stand" in finding.problem


def test_words_that_stand_twice_need_a_prefix_or_suffix(checked: CheckPack, articles: Path) -> None:
    (finding,) = checked(articles, changes=with_quote("The bridge is")).findings
    assert "stand 2 times in paper.txt" in finding.problem
    assert "prefix" in finding.remedy
    for anchor in ("suffix: long", "suffix: ' old'", "prefix: Monday. “", "prefix: mend it.”"):
        assert checked(articles, changes=with_quote(f"{{exact: The bridge is, {anchor}}}")).findings == []
    assert len(checked(articles, changes=with_quote("{exact: The bridge is, suffix: wide}")).findings) == 1


def test_segments_out_of_order_are_an_error_at_the_second(checked: CheckPack, articles: Path) -> None:
    check = checked(articles, changes=with_quote("[It isn't safe, The bridge is old]"))
    (finding,) = check.findings
    assert finding.field == "quote.1"
    assert "behind those of the segment before" in finding.problem


def test_a_later_segment_that_stands_earlier_too_is_taken_behind_the_first(checked: CheckPack, articles: Path) -> None:
    assert checked(articles, changes=with_quote("[It isn't safe, The bridge is]")).findings == []


def test_every_wrong_quotation_is_told_not_only_the_first(checked: CheckPack, articles: Path) -> None:
    changes = {"statements.yaml": ("mend it.\n", "mend itt.\n")}
    wrong = checked(articles, changes={**changes}, files=None)
    assert len(wrong.findings) == 1
    both = checked(
        articles, files={"statements.yaml": "- {id: a, by: lee, quote: [Wrong one, Wrong two], sources: [paper]}\n"}
    )
    assert [finding.field for finding in both.findings] == ["quote.0", "quote.1"]


def test_a_missing_article_is_an_error_at_its_source(checked: CheckPack, articles: Path) -> None:
    (articles / "paper.txt").unlink()
    check = checked(articles)
    (finding,) = check.findings
    assert finding.file.endswith("sources.yaml")
    assert "cannot be read" in finding.problem
    assert check.lock is None


def test_an_article_that_is_not_utf8_is_an_error(checked: CheckPack, articles: Path) -> None:
    (articles / "paper.txt").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in checked(articles).findings[0].problem


def test_sources_without_a_text_are_named_as_unchecked(checked: CheckPack, articles: Path) -> None:
    changes = {"sources.yaml": ("published: 2025-10-20, text: paper.txt", "published: 2025-10-20")}
    check = checked(articles, changes=changes)
    assert (check.findings, check.proven, check.unchecked) == ([], 0, ("paper",))


def lock_of(checked: CheckPack, articles: Path, tmp_path: Path) -> Path:
    """Proves the small pack, and writes its lock."""
    path = tmp_path / "old-bridge" / LOCK_NAME
    path.write_text(checked(articles).lock)
    return path


def test_without_the_articles_the_lock_is_the_proof(checked: CheckPack, articles: Path, tmp_path: Path) -> None:
    lock_of(checked, articles, tmp_path)
    assert checked(None).findings == []
    (finding,) = checked(None, changes=with_quote("No commend.")).findings
    assert (finding.line, finding.field) == (13, "quote")
    assert "not the ones that were proven against paper" in finding.problem
    assert "undo the change" in finding.remedy


def test_the_lock_survives_edits_elsewhere_and_folding(checked: CheckPack, articles: Path, tmp_path: Path) -> None:
    lock_of(checked, articles, tmp_path)
    more = "- {id: extra, by: lee, paraphrase: {en: He left., es: Se fue.}, sources: [paper]}\n"
    changed = {"statements.yaml": ("It isn't safe", "It isn’t  safe")}
    assert checked(None, more={"statements.yaml": more}, changes=changed).findings == []


def test_another_source_of_a_quotation_has_to_be_proven_too(checked: CheckPack, articles: Path, tmp_path: Path) -> None:
    lock_of(checked, articles, tmp_path)
    text = ("id: radio, publisher: Radio Six", "id: radio, publisher: Radio Six, text: radio.txt")
    cited = ("Sin comentarios.}\n  sources: [paper]", "Sin comentarios.}\n  sources: [paper, radio]")
    found = checked(None, changes={"sources.yaml": text, "statements.yaml": cited}).findings
    assert ["proven against radio" in finding.problem for finding in found] == [True]


@pytest.mark.parametrize(
    "lock", [None, "", "{", "[]", "{}", '{"quotes": []}', '{"quotes": {"a": 1}}', '{"quotes": {"a": {}}}', "null"]
)
def test_a_missing_or_broken_lock_is_one_finding_with_its_remedy(
    checked: CheckPack, tmp_path: Path, lock: str | None
) -> None:
    (tmp_path / "old-bridge").mkdir()
    if lock is not None:
        (tmp_path / "old-bridge" / LOCK_NAME).write_text(lock)
    (finding,) = checked(None).findings
    assert finding.file.endswith(LOCK_NAME)
    assert "explainer check --articles" in finding.remedy


def test_a_pack_that_quotes_nothing_needs_no_lock(checked: CheckPack) -> None:
    spoken = "- {id: a, by: lee, paraphrase: {en: He left., es: Se fue.}, sources: [paper]}\n"
    assert checked(None, files={"statements.yaml": spoken}).findings == []


def test_the_nearest_passage_is_cut_at_whole_words() -> None:
    text = Folded("Something else entirely. “The bridge is old,” she said. And so on and so forth.")
    assert text.nearest("The brigde is old") == '"The bridge is old,"'
    assert text.nearest("zzzz qqqq xxxx") == ""


def test_folded_text_still_knows_where_its_characters_stood() -> None:
    source = "a \n\t b ‘c’\u00a0 d"
    text = Folded(source)
    assert text.text == "a b 'c' d"
    ((start, end),) = text.find(Segment(exact="'c' d"))
    assert source[text.offsets[start] : text.offsets[end - 1] + 1] == "‘c’\u00a0 d"
    assert fold(source) == text.text
