"""A reply's file becomes a link on the page."""

from datetime import UTC, datetime

import pytest

from bot.core.messages import Button, Document, Incoming, Reply, Turn
from bot.platforms.web.downloads import linking_documents

pytestmark = pytest.mark.asyncio

BUTTON = Button("Remind me", Turn("remind_me"))


def reply(document: Document | None) -> Reply:
    at = datetime(2025, 11, 5, tzinfo=UTC)
    return Reply("x", None, "answer", 1.0, "en", at, "<p>x</p>", buttons=(BUTTON,), document=document)


async def test_the_link_stands_before_the_other_buttons() -> None:
    async def answer(_: Incoming) -> Reply:
        return reply(Document("a.ics", b"", "text/calendar", "Add to calendar", "/calendar/a.ics?lang=en"))

    linked = await linking_documents(answer)(Incoming("x"))
    assert linked.buttons == (Button("Add to calendar", url="/calendar/a.ics?lang=en"), BUTTON)


async def test_a_reply_without_a_file_stays_as_it_is() -> None:
    plain = reply(None)

    async def answer(_: Incoming) -> Reply:
        return plain

    assert await linking_documents(answer)(Incoming("x")) is plain
