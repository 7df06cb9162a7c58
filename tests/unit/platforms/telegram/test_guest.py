"""What a message asks that summons the bot in a foreign chat."""

from typing import Any

import pytest
from telegram import Message, User

from bot.platforms.telegram.guest import Summons, read_summons
from tests.double.stage import VOTE

ME = User(77, "Facts", is_bot=True, username="FactsBot")
ANA = {"id": 5, "first_name": "Ana", "is_bot": False, "language_code": "es-MX"}


def _read(
    text: str, entities: list[dict[str, Any]] | None = None, more: dict[str, Any] | None = None
) -> Summons | None:
    about = {"message_id": 1, "date": 1, "chat": {"id": -9, "type": "supergroup"}, "from": ANA, "guest_query_id": "q"}
    message = Message.de_json(about | {"text": text, "entities": entities or []} | (more or {}))
    return read_summons(message, ME, {"vote": VOTE})


def _marked(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


def test_mention_is_taken_out_and_other_people_stay() -> None:
    entities = [_marked("mention", 0, 9), _marked("mention", 17, 4)]
    assert _read("@factsbot when is @ana   to speak?", entities) == Summons(
        "q", "when is @ana to speak?", None, "es", 5
    )


def test_mention_by_name_is_taken_out() -> None:
    user = {"id": 77, "first_name": "Facts", "is_bot": True}
    summons = _read("Facts, is it true?", [_marked("text_mention", 0, 5, user=user)])
    assert summons is not None
    assert summons.text == ", is it true?"


def test_words_under_a_picture_are_read() -> None:
    summons = _read("", None, {"caption": "@FactsBot 287g", "caption_entities": [_marked("mention", 0, 9)]})
    assert summons is not None
    assert summons.text == "287g"


@pytest.mark.parametrize("text", ["/vote@FactsBot", "/VOTE now"])
def test_command_is_its_turn(text: str) -> None:
    summons = _read(text)
    assert summons is not None
    assert summons.turn == VOTE


def test_unknown_command_is_read_as_words() -> None:
    summons = _read("/how_much@FactsBot money")
    assert summons is not None
    assert (summons.turn, summons.text) == (None, "how much money")


def test_group_that_writes_as_itself_has_no_person() -> None:
    as_group = {"from": {**ANA, "is_bot": True}, "sender_chat": {"id": -9, "type": "supergroup"}}
    summons = _read("@FactsBot", [_marked("mention", 0, 9)], as_group)
    assert summons is not None
    assert (summons.text, summons.person) == ("", None)


THEIRS = {"message_id": 2, "date": 1, "chat": {"id": -9, "type": "supergroup"}, "from": {**ANA, "id": 6}, "text": "no"}


@pytest.mark.parametrize(
    ("more", "is_reply"),
    [
        ({}, False),
        ({"reply_to_message": THEIRS}, True),
        ({"reply_to_message": THEIRS | {"from": {"id": 77, "first_name": "Facts", "is_bot": True}}}, False),
        ({"external_reply": {"origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Eva"}}}, True),
    ],
)
def test_answer_to_a_message_of_another_is_told_from_one_to_the_bot(more: dict[str, Any], is_reply: bool) -> None:
    summons = _read("@FactsBot is this true?", [_marked("mention", 0, 9)], more)
    assert summons is not None
    assert summons.is_reply is is_reply


def test_other_bots_and_messages_without_an_id_get_no_answer() -> None:
    assert _read("@FactsBot", None, {"from": {**ANA, "is_bot": True}}) is None
    assert _read("@FactsBot", None, {"guest_query_id": None}) is None
