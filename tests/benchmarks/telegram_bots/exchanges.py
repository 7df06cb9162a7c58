"""An update and what comes of it: made beforehand, filled while it is measured, checked afterwards."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import orjson

from tests.benchmarks.telegram_bots.work import BUTTONS, COMMAND, TEXT

MENU: Final = {"inline_keyboard": [[{"text": label, "callback_data": data}] for label, data in BUTTONS]}
_DATE: Final = 1_795_000_000
_chats = count(1_000_000_001)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the bot as it came: `kind` is its content type; a call in a webhook's response names no method here."""

    method: str
    kind: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """The right answer: its method, words that it must hold (`is_all`: nothing else), how many buttons at least, and
    whether a press must be acknowledged."""

    method: str
    words: str
    is_all: bool = False
    buttons: int = 1
    is_pressed: bool = False


@dataclass(slots=True, eq=False)
class Exchange:
    """An update of its own chat; instants are of `perf_counter`, 0 where something has not happened. `status` is that
    of the webhook's response where it was not 200."""

    chat: int
    lang: str
    content: dict[str, Any]
    wanted: Wanted
    sent_at: float = 0.0
    answered_at: float = 0.0
    calls: list[Call] = field(default_factory=list)
    acknowledged: int = 0
    responding: bool = False
    ended: bool = False
    status: int = 0
    resent: bool = False

    def update(self, number: int) -> bytes:
        """The update as Telegram would send it."""
        return orjson.dumps({"update_id": number, **self.content})

    def is_answered(self) -> bool:
        """Whether all that is awaited has come, right or wrong; parts before the one with the buttons do not count."""
        wanted = self.wanted
        whole = any(b"reply_markup" in call.body for call in self.calls) if wanted.buttons else bool(self.calls)
        return whole and (not wanted.is_pressed or self.acknowledged > 0) and not self.responding


ECHO: Final = Wanted("sendMessage", TEXT, is_all=True, buttons=len(BUTTONS))


def ask(text: str, wanted: Wanted, lang: str = "en") -> Exchange:
    """Somebody new writes `text`."""
    chat = next(_chats)
    message = _message(chat, lang) | {"from": _person(chat, lang), "text": text}
    if text.startswith("/"):
        message["entities"] = [{"offset": 0, "length": len(text), "type": "bot_command"}]
    return Exchange(chat, lang, {"message": message}, wanted)


def command(wanted: Wanted, lang: str = "en") -> Exchange:
    """Somebody new sends the command."""
    return ask(f"/{COMMAND}", wanted, lang)


def press(data: str, wanted: Wanted, lang: str = "en") -> Exchange:
    """Somebody new presses a button under a message of the bot."""
    chat = next(_chats)
    bot = {"id": 123456789, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
    message = _message(chat, lang) | {"from": bot, "text": "A message with buttons.", "reply_markup": MENU}
    query = {"id": str(chat), "from": _person(chat, lang), "message": message, "chat_instance": str(-chat)}
    return Exchange(chat, lang, {"callback_query": query | {"data": data}}, wanted)


def _message(chat: int, lang: str) -> dict[str, Any]:
    return {"message_id": chat % 1_000_000, "date": _DATE, "chat": _chat(chat, lang)}


def _chat(chat: int, lang: str) -> dict[str, Any]:
    person = _person(chat, lang)
    return {name: person[name] for name in ("id", "first_name", "last_name", "username")} | {"type": "private"}


def _person(chat: int, lang: str) -> dict[str, Any]:
    return {
        "id": chat,
        "is_bot": False,
        "first_name": "Ana",
        "last_name": "García",
        "username": f"ana{chat}",
        "language_code": lang,
    }
