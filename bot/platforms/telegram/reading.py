"""Reads an update: who asks what, and whether the bot is addressed at all."""

import re
from dataclasses import dataclass, replace
from typing import Any

from telegram import CallbackQuery, Message, Update, User
from telegram.constants import ChatType, MessageEntityType
from telegram.ext import filters

from bot.core.messages import Turn
from bot.platforms.telegram.edition import Edition
from bot.platforms.telegram.keyboard import read_press
from bot.platforms.telegram.sending import Place
from bot.platforms.telegram.webhook import Slot

CHANNEL = "telegram"
_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]+)(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL)
_START = "start"
_PLAIN = frozenset({"message_id", "date", "from", "chat", "text", "entities", "link_preview_options"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: words or a turn, where the answer goes, and of a pressed button its query and its message.

    `asker` is whose rights in a group count; None where nobody's do: in private, or where an administrator writes as
    the group. Of a press, `page` and `trail` say what its message showed, and `is_known` whether the present pack knows
    the button. `slot` is the response to the update, where that came by the webhook. `command` is one that readers do
    not have, by its name and the words behind it, which `text` holds, too. `phrase` is what is said in place of an
    answer; of an `is_link`, which anybody may have made, nothing comes but words.
    """

    place: Place
    text: str = ""
    turn: Turn | None = None
    lang: str | None = None
    lang_hint: str | None = None
    query: str | None = None
    message: Message | None = None
    album: str | None = None
    asker: int | None = None
    page: int = 1
    trail: tuple[str, ...] = ()
    is_known: bool = True
    slot: Slot | None = None
    phrase: str | None = None
    is_link: bool = False
    command: tuple[str, str] | None = None

    @property
    def is_private(self) -> bool:
        """Whether the chat is one person's own."""
        return self.place.chat > 0

    @property
    def author(self) -> tuple[int, int]:
        """Who is answered at whose expense: the person in the chat."""
        return self.place.chat, self.asker or 0


class Reading:
    """Reads updates for the bot `me`, given what the buttons, links and commands of an edition mean."""

    def __init__(self, me: User, edition: Edition) -> None:
        self._me = me
        self._codes = edition.codes
        self._turns = {command.name: command.turn for command in edition.commands}
        self._languages = tuple(edition.languages)

    def read(self, update: Update) -> Asked | None:
        """What is asked; None where nothing is: another kind of update, another bot, a group's own talk."""
        if update.callback_query is not None:
            return self._press(update.callback_query)
        message = update.message
        if message is None or not _is_human(message):
            return None
        text = message.text or message.caption or ""
        if not text and filters.StatusUpdate.ALL.check_update(update):
            return None
        if message.chat.type == ChatType.PRIVATE:
            return self._asked(text, Place(message.chat.id), _hint(message.from_user), message.media_group_id)
        if message.chat.type not in (ChatType.GROUP, ChatType.SUPERGROUP):
            return None
        return self._in_group(message, text)

    def read_plain(self, posted: dict[str, Any]) -> Asked | None:
        """What an update asks, as JSON has it, where it is text alone, written in private: nearly all are, and the
        library's objects for one cost more than its answer. None for any other, which `read` reads."""
        message = posted.get("message")
        if not isinstance(message, dict) or not _PLAIN.issuperset(message):
            return None
        match message:
            case {
                "text": str(text),
                "chat": {"type": ChatType.PRIVATE, "id": int(chat)},
                "from": {"is_bot": False, **person},
            }:
                return self._asked(text, Place(chat), _base_language(person.get("language_code")))
        return None

    def _press(self, query: CallbackQuery) -> Asked:
        pressed = read_press(query.data, self._codes, self._languages)
        message = query.message if isinstance(query.message, Message) and query.message.is_accessible else None
        chat = query.message.chat.id if query.message else query.from_user.id
        is_private = query.message is None or query.message.chat.type == ChatType.PRIVATE
        return Asked(
            Place(chat, _topic(message) if message else None),
            turn=pressed.turn,
            lang=pressed.lang,
            lang_hint=pressed.shown or _hint(query.from_user),
            query=query.id,
            message=message,
            asker=None if is_private else query.from_user.id,
            page=pressed.page,
            trail=pressed.trail,
            is_known=pressed.is_known,
        )

    def _in_group(self, message: Message, text: str) -> Asked | None:
        place = Place(message.chat.id, _topic(message), message.message_id)
        mentions = self._mentions(message)
        for mention in mentions:
            text = text.replace(mention, " ", 1)
        text = " ".join(text.split()) if mentions else text
        if command := _COMMAND.fullmatch(text.strip()):
            addressee, name = command["bot"], command["name"].lower()
            if addressee and not self._is_me(addressee):
                return None
            # a plain command that is not ours is most likely another bot's
            if addressee or name in self._turns or name == _START:
                return self._of_group(message, text, place)
        answered = message.reply_to_message.from_user if message.reply_to_message else None
        if mentions or (answered is not None and answered.id == self._me.id):
            return self._of_group(message, text, place)
        return None

    def _of_group(self, message: Message, text: str, place: Place) -> Asked:
        asked = self._asked(text, place, _hint(message.from_user), message.media_group_id)
        if asked.phrase and message.text:  # nothing but the bot's name
            asked = replace(asked, turn=Turn("help"), phrase=None)
        return replace(asked, asker=_asker(message))

    def _asked(self, text: str, place: Place, hint: str | None, album: str | None = None) -> Asked:
        command = _COMMAND.fullmatch(text.strip())
        if command is None:
            return Asked(place, text=text, lang_hint=hint, album=album, phrase=None if text else "only_text")
        name, rest = command["name"].lower(), command["rest"] or ""
        if name == _START:
            return Asked(place, turn=self._codes.turn(rest.strip()) or Turn("help"), lang_hint=hint, is_link=True)
        if turn := self._turns.get(name):
            return Asked(place, turn=turn, lang_hint=hint)
        words = f"{command['name'].replace('_', ' ')} {rest}".strip()
        return Asked(place, text=words, lang_hint=hint, command=(name, rest))

    def _mentions(self, message: Message) -> list[str]:
        """The words by which a message mentions this bot."""
        kinds: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
        if message.text:
            found = message.parse_entities(kinds)
        elif message.caption:
            found = message.parse_caption_entities(kinds)
        else:
            return []
        return [
            words
            for entity, words in found.items()
            if self._is_me(words.removeprefix("@")) or (entity.user is not None and entity.user.id == self._me.id)
        ]

    def _is_me(self, name: str) -> bool:
        return name.lower() == (self._me.username or "").lower()


def _is_human(message: Message) -> bool:
    """Whether a person wrote it; an administrator who writes as the group itself counts, a channel does not."""
    if message.is_automatic_forward or message.from_user is None:
        return False
    return _is_as_group(message) or not message.from_user.is_bot


def _is_as_group(message: Message) -> bool:
    """Whether an administrator writes anonymously, as the group itself."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


def _asker(message: Message) -> int | None:
    return None if _is_as_group(message) or message.from_user is None else message.from_user.id


def _topic(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None


def _hint(user: User | None) -> str | None:
    return _base_language(user.language_code) if user else None


def _base_language(code: object) -> str | None:
    """`es` of `es-MX`."""
    return (code.partition("-")[0].lower() or None) if isinstance(code, str) else None
