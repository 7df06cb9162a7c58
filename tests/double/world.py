"""The people and chats of the double, what the bot has sent them, and how a test speaks for them."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.double.classic_html import units
from tests.double.files import KeptFile
from tests.double.table import Upload

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]+(?:@\w+)?")
_MENTION = re.compile(r"(?<!\w)@\w{3,}")
_CONTENT: dict[str, Any] = {
    "photo": [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 60}],
    "voice": {"file_id": "v", "file_unique_id": "v", "duration": 2},
    "sticker": {
        "file_id": "s", "file_unique_id": "s", "type": "regular", "width": 512, "height": 512,
        "is_animated": False, "is_video": False,
    },
    "location": {"latitude": 32.78, "longitude": -96.8},
}  # fmt: skip
_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who writes; `language_code` is what their app is set to (IETF), None where it tells nothing."""

    id: int
    first_name: str = "Ana"
    language_code: str | None = "en"
    is_bot: bool = False

    def as_json(self) -> dict[str, Any]:
        user = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        return user | ({"language_code": self.language_code} if self.language_code else {})


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the bot as it stood after one call: `text` parsed, `html` as sent, `rows` of its keyboard.

    A file's caption is its text. `rich` is a rich message as the Bot API tells of it. A message by inline or guest mode
    has an `inline_message_id` and no chat.
    """

    chat: int
    message_id: int
    text: str
    html: str
    entities: tuple[dict[str, Any], ...]
    rows: tuple[tuple[dict[str, Any], ...], ...]
    edited: bool = False
    document: Upload | None = None
    file: KeptFile | None = None
    photo: KeptFile | None = None
    rich: dict[str, Any] | None = None
    inline_message_id: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [button["text"] for row in self.rows for button in row]

    def button(self, label: str) -> dict[str, Any] | None:
        """The button with this label."""
        return next((button for row in self.rows for button in row if button["text"] == label), None)


class Chat:
    """A private chat or a group, from the side of its people."""

    def __init__(self, push: Callable[[str, dict[str, Any]], None], me: Person, chat: dict[str, Any], person: Person):
        self._push = push
        self._me = me
        self._about = chat
        self.id: int = chat["id"]
        self.person = person
        self.blocked = False
        self.allows_photos = True
        self.delay = 0.0  # seconds by which calls about this chat are answered late
        self.successor: int | None = None
        self.threads: set[int] = set()
        self.administrators: dict[int, str] = {}
        self.messages: dict[int, Sent] = {}
        self.actions: list[str] = []
        self._arrivals: asyncio.Queue[Sent] = asyncio.Queue()
        self._said = 0

    def say(self, text: str, *, by: Person | None = None, reply_to: Sent | None = None, **more: Any) -> int:
        """Somebody writes; commands and mentions are marked as Telegram marks them. Gives the message's id."""
        return self._write({"text": text, "entities": mark_words(text), **more}, by, reply_to)

    def send(self, kind: str, caption: str | None = None, *, by: Person | None = None, **more: Any) -> int:
        """Somebody sends a photo, a voice message, a sticker or a place."""
        content = {kind: _CONTENT[kind], **more} | ({"caption": caption} if caption else {})
        return self._write(content, by, None)

    def appoint(self, person: Person, *, as_owner: bool = False) -> None:
        """Makes somebody an administrator of this group, or its owner."""
        self.administrators[person.id] = "creator" if as_owner else "administrator"

    def member(self, person: Person) -> dict[str, Any]:
        """What somebody is in this chat, as the Bot API tells of it."""
        status = self.administrators.get(person.id, "member")
        about = {"status": status, "user": person.as_json()}
        if status == "creator":
            return about | {"is_anonymous": False}
        return about | dict.fromkeys(_RIGHTS, False) if status == "administrator" else about

    def block(self) -> None:
        """The reader blocks the bot, or the group removes it."""
        self.blocked = True
        self._tell_bot("member", "kicked")

    def unblock(self) -> None:
        """The bot may write here again."""
        self.blocked = False
        self._tell_bot("kicked", "member")

    def move_to(self, successor: "Chat") -> None:
        """This group goes on as another one, of which both are told."""
        self.successor = successor.id
        self._write({"migrate_to_chat_id": successor.id}, None, None)
        successor._write({"migrate_from_chat_id": self.id}, None, None)

    def press(self, label: str, message: Sent | None = None, *, by: Person | None = None, too_old: bool = False) -> str:
        """Somebody presses a button, of the newest message that has it or of the given one. Gives the query's id."""
        candidates = [message] if message else list(reversed(self.messages.values()))
        pressed = next((sent for sent in candidates if sent.button(label)), None)
        if pressed is None:
            raise AssertionError(f"no message has a button {label!r}; there are {[sent.labels for sent in candidates]}")
        data = (pressed.button(label) or {}).get("callback_data")
        if data is None:
            raise AssertionError(f"the button {label!r} opens a link")
        return self.press_data(data, pressed, by=by, too_old=too_old)

    def press_data(self, data: str, message: Sent, *, by: Person | None = None, too_old: bool = False) -> str:
        """Somebody presses a button with these data, such as an old message may still have."""
        query = f"{self.id}-{time.monotonic_ns()}"
        about = {"chat": self._about, "message_id": message.message_id, "date": 0}
        self._push(
            "callback_query",
            {
                "id": query,
                "from": (by or self.person).as_json(),
                "chat_instance": "1",
                "data": data,
                "message": about if too_old else self.as_json(self.messages.get(message.message_id, message)),
            },
        )
        return query

    async def reply(self, seconds: float = 5.0) -> Sent:
        """The next message that the bot sends or edits here; TimeoutError where none comes."""
        async with asyncio.timeout(seconds):
            return await self._arrivals.get()

    async def ask(self, text: str, **more: Any) -> Sent:
        """Says something and waits for the first message of the answer."""
        self.say(text, **more)
        return await self.reply()

    async def is_quiet(self, seconds: float = 0.25) -> bool:
        """Whether the bot says nothing here for so long."""
        try:
            await self.reply(seconds)
        except TimeoutError:
            return True
        return False

    def as_json(self, sent: Sent) -> dict[str, Any]:
        """A message of the bot as the Bot API tells of it."""
        message = {"message_id": sent.message_id, "from": self._me.as_json(), "chat": self._about, "date": _now()}
        message |= _content(sent)
        if sent.edited:
            message["edit_date"] = _now()
        return message | ({"reply_markup": {"inline_keyboard": [list(row) for row in sent.rows]}} if sent.rows else {})

    def next_id(self) -> int:
        """The next message's id in this chat."""
        self._said += 1
        return self._said

    def keep(self, sent: Sent) -> None:
        """Takes note of what the bot sent or edited."""
        self.messages[sent.message_id] = sent
        self._arrivals.put_nowait(sent)

    def _write(self, content: dict[str, Any], by: Person | None, reply_to: Sent | None) -> int:
        number = self.next_id()
        if "message_thread_id" in content:
            self.threads.add(content["message_thread_id"])
        message = {"message_id": number, "date": _now(), "chat": self._about, "from": (by or self.person).as_json()}
        if reply_to is not None:
            message["reply_to_message"] = self.as_json(reply_to)
        self._push("message", message | content)
        return number

    def _tell_bot(self, before: str, now: str) -> None:
        def standing(status: str) -> dict[str, Any]:
            return {"status": status, "user": self._me.as_json()} | ({"until_date": 0} if status == "kicked" else {})

        change = {"chat": self._about, "from": self.person.as_json(), "date": _now()}
        self._push("my_chat_member", change | {"old_chat_member": standing(before), "new_chat_member": standing(now)})


def mark_words(text: str) -> list[dict[str, Any]]:
    """Commands and mentions of a text, as Telegram marks them."""
    found = [("bot_command", one) for one in _COMMAND.finditer(text)]
    found += [("mention", one) for one in _MENTION.finditer(text)]
    return [{"type": kind, "offset": units(text[: one.start()]), "length": units(one.group())} for kind, one in found]


def _content(sent: Sent) -> dict[str, Any]:
    if sent.rich is not None:
        return {"rich_message": sent.rich}
    if sent.photo is None and sent.file is None:
        return {"text": sent.text, "entities": list(sent.entities)}
    caption = {"caption": sent.text, "caption_entities": list(sent.entities)} if sent.text else {}
    if sent.photo is not None:
        return {"photo": sent.photo.sizes()} | caption
    return {"document": sent.file.document()} | caption if sent.file is not None else caption


def _now() -> int:
    return int(time.time())
