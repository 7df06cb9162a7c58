"""Reads a message that summons the bot in a chat of which it is no member."""

from collections.abc import Mapping
from dataclasses import dataclass

from telegram import Message, MessageEntity, User
from telegram.constants import MessageEntityType

from bot.core.messages import Turn


@dataclass(frozen=True, slots=True)
class Summons:
    """What is asked, in words or as a command's turn, by whom (a person's id, where it is one's) and under which id an
    answer is due. `is_reply` says that it answers a message of somebody else, which is not read."""

    query: str
    text: str
    turn: Turn | None = None
    lang_hint: str | None = None
    person: int | None = None
    is_reply: bool = False


def read_summons(message: Message, me: User, turns: Mapping[str, Turn] | None = None) -> Summons | None:
    """What a guest message asks of the bot `me`; `turns` are those of its commands by their names.

    None where no answer is due: without an id for it, and to other bots, so that no two of them talk for ever.
    """
    person = message.from_user
    if not message.guest_query_id or (person is not None and person.is_bot and message.sender_chat is None):
        return None
    text = _without_mentions(message, me)
    name, _, rest = text.removeprefix("/").partition(" ")
    name = name.partition("@")[0]
    turn = (turns or {}).get(name.lower()) if text.startswith("/") else None
    if turn is None and text.startswith("/"):
        text = f"{name.replace('_', ' ')} {rest}".strip()
    code = (person.language_code or "").partition("-")[0].lower() if person else ""
    human = None if person is None or person.is_bot else person.id
    return Summons(message.guest_query_id, text, turn, code or None, human, _answers_another(message, me))


def _answers_another(message: Message, me: User) -> bool:
    """Whether a message replies to one that this bot did not write."""
    replied = message.reply_to_message
    if replied is None:
        return message.external_reply is not None
    return all(author is None or author.id != me.id for author in (replied.from_user, replied.via_bot))


def _without_mentions(message: Message, me: User) -> str:
    """The text without the words that name the bot, white space folded."""
    kinds: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
    found: Mapping[MessageEntity, str] = {}
    if message.text:
        found = message.parse_entities(kinds)
    elif message.caption:
        found = message.parse_caption_entities(kinds)
    text = message.text or message.caption or ""
    for entity, words in found.items():
        is_named = words.removeprefix("@").lower() == (me.username or "").lower()
        if is_named or (entity.user is not None and entity.user.id == me.id):
            text = text.replace(words, " ", 1)
    return " ".join(text.split())
