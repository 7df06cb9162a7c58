"""The semantic subset: what is read, and what is refused with a clear word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.markup import Element, parse


def test_words_are_unescaped_and_white_space_is_folded() -> None:
    (block,) = parse("<p>\n  Fish &amp; <b> chips </b>  &lt;now&gt;<sup>[1]</sup> </p>\n")
    assert block.words == "Fish & chips <now>[1]"


def test_loose_words_of_items_and_quotations_become_paragraphs() -> None:
    block, quote = parse("<ul><li>one <b>two</b><blockquote>three</blockquote></li></ul><blockquote>four</blockquote>")
    (item,) = block.elements()
    assert [child.tag for child in item.elements()] == ["p", "blockquote"]
    assert quote.elements() == (Element("p", ("four",)),)


def test_attributes_of_the_subset_are_kept() -> None:
    link_and_day = '<a href="https://a.org/?x=1&amp;y=2">a</a> <time datetime="2025-11-06">b</time>'
    (block,) = parse(f'<p class="notes" lang="es">{link_and_day}</p>')
    link, time = block.elements()
    assert (block.attribute("class"), block.attribute("lang")) == ("notes", "es")
    assert (link.attribute("href"), time.attribute("datetime")) == ("https://a.org/?x=1&y=2", "2025-11-06")


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("words", "loose at the top"),
        ("<b>words</b>", "<b> may not stand at the top"),
        ("<div>x</div>", "<div> is not in the subset"),
        ("<p>a<br>b</p>", "<br> is not in the subset"),
        ("<p/>", "closes itself"),
        ("<p>x", "<p> is never closed"),
        ("<p>x</b></p>", "</b> closes nothing"),
        ("</p>", "</p> closes nothing"),
        ("<p>1 < 2</p>", "written &lt;"),
        ("<p>x</p><", "written &lt;"),
        ("<p>&nosuch;</p>", "not a known entity"),
        ("<!-- x -->", "comments"),
        ("<!DOCTYPE html>", "declarations"),
        ("<?php ?>", "processing instructions"),
        ('<p style="x">x</p>', "style is no attribute"),
        ('<b class="x">x</b>', "may not stand"),
        ('<p><b class="x">x</b></p>', "class is no attribute"),
        ("<p><a>x</a></p>", "<a> needs href"),
        ('<p><a href="javascript:alert(1)">x</a></p>', "outside the subset"),
        ('<p><a href="https://">x</a></p>', "outside the subset"),
        ('<p><a href="https://a.org/ b">x</a></p>', "outside the subset"),
        ('<p><a href="https://[a">x</a></p>', "outside the subset"),
        ('<p><a href="tel:1"><b><a href="tel:2">x</a></b></a></p>', "link may not stand in a link"),
        ("<p><time>x</time></p>", "<time> needs datetime"),
        ("<p><p>x</p></p>", "<p> may not stand in <p>"),
        ("<ul><p>x</p></ul>", "<p> may not stand in <ul>"),
        ("<blockquote><blockquote>x</blockquote></blockquote>", "may not stand in <blockquote>"),
        ("<details><p>x</p></details>", "begins with a <summary>"),
        ("<details></details>", "begins with a <summary>"),
        ("<details><summary>a</summary><summary>b</summary></details>", "comes first and once"),
        ("<details><summary>a</summary>loose</details>", "loose in <details>"),
    ],
)
def test_what_lies_outside_the_subset_is_refused(html: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"line 1, column \d+: ") as caught:
        parse(html)
    assert why in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        blocks = parse(text)
    except ValueError:
        return
    assert all(isinstance(block, Element) for block in blocks)


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    words = "".join(block.words for block in parse(f"<p>{escaped}</p>"))
    shown = [char for char in text if not char.isspace() and ord(char) > 31 and not 126 < ord(char) < 160]
    assert "".join(words.split()) == "".join("�" if "\ud800" <= char <= "\udfff" else char for char in shown)
