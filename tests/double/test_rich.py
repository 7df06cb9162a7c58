"""Rich messages of the double: what the HTML becomes, what is refused, and a server that knows none."""

from typing import Any

import pytest

from tests.double import BotApiDouble
from tests.double.caller import call
from tests.double.rich_html import read_rich
from tests.double.table import RefusedError


def _blocks(html: str) -> list[dict[str, Any]]:
    return read_rich({"html": html}).blocks


def test_headings_paragraphs_and_loose_text_are_blocks() -> None:
    assert _blocks("<h2>The vote</h2>loose <b>text</b><hr/><p>One<br>two</p>\n<footer>As of today</footer>") == [
        {"type": "heading", "text": "The vote", "size": 2},
        {"type": "paragraph", "text": ["loose ", {"type": "bold", "text": "text"}]},
        {"type": "divider"},
        {"type": "paragraph", "text": "One\ntwo"},
        {"type": "footer", "text": "As of today"},
    ]


def test_links_times_and_references_are_text() -> None:
    html = (
        '<p><a href="https://a.org/?x=1&amp;y=2">A</a> <tg-time unix="1762441200" format="wDt">Nov 6</tg-time>'
        '<sup><a href="#n1">1</a></sup></p><p><tg-reference name="n1">CBS</tg-reference></p>'
    )
    paragraph, note = _blocks(html)
    assert paragraph["text"] == [
        {"type": "url", "text": "A", "url": "https://a.org/?x=1&y=2"},
        " ",
        {"type": "date_time", "text": "Nov 6", "unix_time": 1762441200, "date_time_format": "wDt"},
        {"type": "superscript", "text": {"type": "anchor_link", "text": "1", "anchor_name": "n1"}},
    ]
    assert note["text"] == {"type": "reference", "text": "CBS", "name": "n1"}


def test_lists_hold_blocks_and_lists() -> None:
    (block,) = _blocks("<ol start='3'><li>a<ul><li><p>b</p></li></ul></li><li>c</li></ol>")
    first, second = block["items"]
    assert (first["label"], second["value"]) == ("3.", 4)
    assert [inner["type"] for inner in first["blocks"]] == ["paragraph", "list"]


def test_table_has_cells_and_a_caption() -> None:
    (block,) = _blocks(
        "<table bordered><caption>Who</caption><tr><th>A</th><td colspan='2' align='right'></td></tr></table>"
    )
    assert block["cells"] == [
        [
            {"text": "A", "is_header": True, "align": "left", "valign": "middle"},
            {"colspan": 2, "align": "right", "valign": "middle"},
        ]
    ]
    assert (block["caption"], block["is_bordered"]) == ("Who", True)


def test_details_stand_in_details_and_quotations_have_a_credit() -> None:
    html = "<details open><summary>More</summary><details><summary>Still</summary>x</details></details>"
    (outer,) = _blocks(html)
    assert (outer["summary"], outer["is_open"], outer["blocks"][0]["summary"]) == ("More", True, "Still")
    (quotation,) = _blocks("<blockquote><p>a</p><blockquote>b</blockquote><cite>Mayor</cite></blockquote>")
    assert (len(quotation["blocks"]), quotation["credit"]) == (2, "Mayor")


def test_what_can_be_read_is_text() -> None:
    html = "<h1>A</h1><ul><li>b</li></ul><table><tr><td>c</td><td>d</td></tr></table><pre> e\n f</pre>&hellip;&nope;"
    assert read_rich({"html": html}).text == "A\n• b\nc | d\n e\n f\n…&nope;"


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<div>x</div>", 'Unsupported start tag "div"'),
        ("<p>x", 'Can\'t find end tag corresponding to start tag "p" at byte offset 4'),
        ("<p>x</b></p>", 'Unmatched end tag, expected "</p>", found "</b>"'),
        ("x</p>", "Unexpected end tag"),
        ("<p", "Unclosed start tag"),
        ("<b/>x", 'Tag "b" can\'t be empty'),
        ("<p><ul><li>x</li></ul></p>", 'Tag "ul" can\'t stand in text'),
        ("<b><p>x</p></b>", 'Tag "p" can\'t stand in text'),
        ("<h1><p>x</p></h1>", 'Tag "p" can\'t stand in text'),
        ("<table><tr><td><p>x</p></td></tr></table>", 'Tag "p" can\'t stand in text'),
        ("<ul>x</ul>", 'Text can\'t stand in "ul"'),
        ("<ul><p>x</p></ul>", 'Tag "p" can\'t stand in "ul"'),
        ("<li>x</li>", 'Tag "li" can\'t stand in ""'),
        ("<table><td>x</td></table>", 'Tag "td" can\'t stand in "table"'),
        ("<details>x</details>", "Details begin with a summary"),
        ("<details><summary></summary>x</details>", "Summary is empty"),
        ("<details><summary>a</summary><summary>b</summary></details>", "Details have one summary"),
        ("<blockquote expandable>x</blockquote>", 'Unsupported attribute "expandable" of "blockquote"'),
        ("<p class='x'>x</p>", 'Unsupported attribute "class" of "p"'),
        ("<code class='language-python'>x</code>", "A language can be told only of code in pre"),
        ('<a href="/here">x</a>', 'Unsupported link in "a"'),
        ('<a href="#nowhere">x</a>', "Link to an anchor that is nowhere"),
        ('<a href="https://a.org"></a>', "Link without text"),
        ('<tg-time unix="soon">x</tg-time>', "Invalid Unix time"),
        ("<table><tr><td align='up'>x</td></tr></table>", "Invalid align"),
        ("<table><tr>" + "<td>x</td>" * 21 + "</tr></table>", "too many columns"),
        ("<blockquote>" * 17 + "x" + "</blockquote>" * 17, "nested too deep"),
        ("<p>x</p>" * 501, "too many blocks"),
        ("x" * 32_769, "too long"),
        ("<p> </p>", "message text is empty"),
    ],
)
def test_what_the_server_does_not_know_is_refused(html: str, why: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_rich({"html": html})
    assert why in caught.value.description


@pytest.mark.parametrize("given", [{}, {"html": "x", "markdown": "x"}, {"markdown": "x"}])
def test_message_is_given_as_html(given: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read_rich(given)


@pytest.mark.asyncio(loop_scope="function")
async def test_rich_message_is_sent_and_edited_where_the_server_knows_it() -> None:
    async with BotApiDouble(rich=True) as double:
        chat = double.private()
        status, told = await call(double, "sendRichMessage", chat_id=chat.id, rich_message={"html": "<h1>A</h1>"})
        assert (status, told["rich_message"]["blocks"][0]["type"]) == (200, "heading")
        sent = await chat.reply()
        assert (sent.text, sent.html, sent.rich) == ("A", "<h1>A</h1>", told["rich_message"])
        edit: dict[str, Any] = {"chat_id": chat.id, "message_id": sent.message_id}
        assert (await call(double, "editMessageText", **edit, rich_message={"html": "<h2>A</h2>"}))[0] == 200
        assert (await call(double, "editMessageText", **edit, text="classic"))[0] == 200
        assert (await chat.reply()).rich != (await chat.reply()).rich
        wrong = await call(double, "sendRichMessage", chat_id=chat.id, rich_message={"html": "<p>"})
        assert wrong[1].startswith("Bad Request: can't parse rich message")
        assert len(double.refused) == 1


@pytest.mark.asyncio(loop_scope="function")
async def test_old_server_knows_no_rich_message_and_the_bot_is_not_blamed() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        rich = {"html": "<h1>A</h1>"}
        assert await call(double, "sendRichMessage", chat_id=chat.id, rich_message=rich) == (404, "Not Found")
        await call(double, "sendMessage", chat_id=chat.id, text="classic")
        edit = await call(double, "editMessageText", chat_id=chat.id, message_id=1, rich_message=rich)
        assert edit == (400, "Bad Request: message text is empty")
        query = double.elsewhere.type("287g")
        content = {"rich_message": rich}
        results = [{"type": "article", "id": "a", "title": "A", "input_message_content": content}]
        assert (await call(double, "answerInlineQuery", inline_query_id=query, results=results))[0] == 400
        assert (double.refused, {one.fault for one in double.calls}) == ([], {"old server", ""})
