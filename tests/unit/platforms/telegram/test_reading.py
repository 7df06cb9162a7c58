"""Reading: the short way for plain messages reads them as the library does, and leaves all others to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update, User

from bot.core.clock import FixedClock
from bot.core.messages import Command
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.reading import Asked, Reading
from tests.double.stage import NOW, VOTE, FixedAnswers, FixedCodes

EDITION = Edition(
    FixedAnswers(), FixedCodes(), (Command("vote", VOTE, {}),), ("en", "es"), lambda name, _: name,
    lambda turn, _: turn.intent, lambda _: (), FixedClock(NOW), lambda _: False,
)  # fmt: skip
READING = Reading(User(7, "Facts", is_bot=True, username="FactsBot"), EDITION)


def posted(**message: Any) -> dict[str, Any]:
    person = {"id": 4711, "is_bot": False, "first_name": "Ana", "language_code": "es-MX"}
    plain = {"message_id": 5, "date": 1_763_000_000, "from": person, "text": "hello"}
    plain["chat"] = {"id": 4711, "type": "private", "first_name": "Ana"}
    return {"update_id": 9, "message": {name: value for name, value in (plain | message).items() if value is not None}}


def read(update: dict[str, Any]) -> Asked | None:
    return READING.read(Update.de_json(update))


TEXTS = st.one_of(
    st.text(min_size=1),
    st.sampled_from(["/vote", "/Vote@FactsBot now", "/start", "/start vote", "/start nothing", "/where_they stand"]),
)


@given(text=TEXTS, code=st.none() | st.sampled_from(["es", "es-MX", "de", "EN-us", ""]))
def test_plain_message_is_read_as_the_library_reads_it(text: str, code: str | None) -> None:
    person = {"id": 4711, "is_bot": False, "first_name": "Ana"} | ({"language_code": code} if code is not None else {})
    update = posted(**{"text": text, "from": person})
    plain = READING.read_plain(update)
    assert plain is not None
    assert plain == read(update)


@pytest.mark.parametrize(
    "message",
    [
        {"chat": {"id": -100, "type": "supergroup", "title": "All"}},
        {"from": {"id": 8, "is_bot": True, "first_name": "Other"}},
        {"from": None},
        {"text": None, "caption": "look", "photo": []},
        {"migrate_to_chat_id": -100},
        {"media_group_id": "1"},
        {"reply_to_message": {}},
        {"text": 5},
        {"chat": {"id": "4711", "type": "private"}},
    ],
)
def test_any_other_message_is_left_to_the_library(message: dict[str, Any]) -> None:
    assert READING.read_plain(posted(**message)) is None


@pytest.mark.parametrize("update", [{}, {"message": None}, {"message": []}, {"edited_message": posted()["message"]}])
def test_any_other_update_is_left_to_the_library(update: dict[str, Any]) -> None:
    assert READING.read_plain({"update_id": 9} | update) is None
