"""Answers as plain text."""

from bot.platforms.plaintext import to_text


def test_blocks_stand_apart_and_lists_have_bullets() -> None:
    html = "<h3>Head</h3><p>One <b>two</b>. <sup>[1]</sup></p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"
    assert to_text(html) == "Head\n\nOne two. [1]\n\n• a\n• b\n\n1. c"


def test_quotations_are_indented_line_by_line() -> None:
    assert to_text("<blockquote><p>one</p><p>two</p></blockquote>") == "    one\n    two"


def test_details_are_their_summary_and_then_their_content() -> None:
    html = "<details><summary>More</summary><p>a</p><blockquote>b</blockquote></details>"
    assert to_text(html) == "More\na\n    b"


def test_table_is_a_line_a_row() -> None:
    html = "<table><tr><th>Who</th><th>What</th></tr><tr><td>a</td><td>b</td></tr></table>"
    assert to_text(html) == "Who — What\na — b"


def test_link_is_spelled_out_unless_its_label_is_the_address() -> None:
    html = '<p><a href="https://a.org/x">Read</a> <a href="https://www.a.org/">a.org</a> <a href="tel:911">911</a></p>'
    assert to_text(html) == "Read (https://a.org/x) a.org 911"


def test_later_lines_of_an_item_stand_under_its_words() -> None:
    html = "<ul><li>a<ol><li>b</li></ol></li></ul>"
    assert to_text(html) == "• a\n  1. b"
