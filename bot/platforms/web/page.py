"""The chat page as the server writes it: a greeting, or, for browsers without script, a question and its answer."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.core.clock import Clock
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Answer, Codes
from bot.platforms.web.crowd import Door, retry_after
from bot.platforms.web.forms import Asked, Kept, pressed_value, read_asked, read_form
from bot.platforms.web.intake import preferred_language, read_body
from bot.platforms.web.pictures import as_shown

log = logging.getLogger(__name__)

LONGEST_ECHO = 2000  # characters of a reader's question that the page shows again
LONGEST_DRAFT = 20_000  # characters that stay in its box, which takes no more


@dataclass(frozen=True, slots=True)
class Site:
    """What the page is about and where and when it is told: words by language, the languages with the default first,
    the zone and the name of the place, the clock; and who is let in."""

    title: Mapping[str, str]
    place: Mapping[str, str]
    zone: ZoneInfo
    languages: tuple[str, ...]
    clock: Clock
    door: Door


@dataclass(frozen=True, slots=True)
class ChatPage:
    """Answers GET and POST of `/`. `write(lang, **values)` renders the template; `urls` are the assets' addresses."""

    answer: Answer
    write: Callable[..., str]
    codes: Codes
    site: Site
    urls: Mapping[str, str]

    async def serve(self, request: Request) -> Response:
        """Either of the two, by the method."""
        greet = self.site.door.watching(self.greet, self.site.languages)
        return await (self.reply if request.method == "POST" else greet)(request)

    async def greet(self, request: Request) -> Response:
        """The page with a greeting, in the browser's language where there is one."""
        hint = preferred_language(request, self.site.languages) or self.site.languages[0]
        asked = Asked(Incoming(turn=Turn("help"), lang_hint=hint))
        return await self._respond(asked, greeting=True)

    async def reply(self, request: Request) -> Response:
        """The page with what its form asked, and the answer; where the address has asked too much, with status 429 and
        the question still in its box. Raises HTTPException 413, 415, 422."""
        body = await read_body(request, "application/x-www-form-urlencoded")
        try:
            fields = read_form(body)
        except ValueError as error:
            raise HTTPException(422, "The form has too many fields.") from error
        fields.setdefault("hint", preferred_language(request, self.site.languages) or self.site.languages[0])
        asked = read_asked(fields, self.codes, self.site.languages, self.site.clock.now())
        if seconds := self.site.door.wait(request, asked.incoming.text):
            return self._shown(asked, None, 429, seconds)
        return await self._respond(asked)

    async def _respond(self, asked: Asked, *, greeting: bool = False) -> Response:
        try:
            answered = await self.answer(asked.incoming)
        except Exception as error:  # the reader gets the page and calm words, whatever it was
            log.error("web.answer_failed error=%s", type(error).__name__)
            return self._shown(asked, None, 500)
        return self._shown(asked, answered, greeting=greeting)

    def _shown(
        self, asked: Asked, answered: Reply | None, status: int = 200, seconds: int = 0, *, greeting: bool = False
    ) -> Response:
        """The page with an answer, or with calm words and what was asked in the box; `seconds` until there will be one
        again."""
        lang = asked.incoming.lang or asked.incoming.lang_hint or self.site.languages[0]
        spoken = answered.lang if answered and answered.lang in self.site.languages else lang
        draft = asked.draft if answered else asked.draft or asked.question
        values = self._values(asked, answered, greeting)
        trouble = self.site.door.words(spoken) if seconds else None
        html = self.write(
            spoken,
            **self._frame(spoken),
            **values,
            trouble=trouble,
            draft=_printable(draft[:LONGEST_DRAFT]),
            hint=spoken,
        )
        waits = retry_after(seconds) if seconds else {}
        return HTMLResponse(html, status, {"Vary": "Accept-Language", **waits})

    def _frame(self, lang: str) -> dict[str, Any]:
        """What the page shows around the conversation."""
        return {
            "languages": self.site.languages,
            "title": in_language(self.site.title, lang),
            "place": in_language(self.site.place, lang),
            "set_clock": self.site.clock.now().astimezone(self.site.zone) if self.site.clock.is_set else None,
            "pattern": partial(by_pattern, locale=lang),
            "urls": self.urls,
        }

    def _values(self, asked: Asked, answered: Reply | None, greeting: bool) -> dict[str, Any]:
        """The one exchange that the page shows, and what its hidden fields carry on."""
        kept = asked.kept
        if answered and answered.is_context and not greeting:
            kept = Kept(answered.turn, int(self.site.clock.now().timestamp()))
        chosen = (answered.chosen_lang if answered else None) or asked.incoming.lang
        return {
            "question": _printable(asked.question[:LONGEST_ECHO]),
            "answer": self._card(answered) if answered else None,
            "greeting": greeting,
            "kept": {**asdict(kept.turn), "since": kept.since} if kept else None,
            "chosen": chosen if chosen in self.site.languages else None,
        }

    def _card(self, reply: Reply) -> dict[str, Any]:
        html = reply.html.replace(" <sup>", "\u00a0<sup>")  # a source's number stays with its sentence
        return {
            "lang": reply.lang,
            "html": html,
            "picture": as_shown(reply.picture) if reply.picture else None,
            "buttons": [self._chip(button) for button in reply.buttons],
        }

    def _chip(self, button: Button) -> dict[str, str | None]:
        turn = button.turn
        return {
            "label": button.label,
            "url": button.url,
            "press": pressed_value(button, self.codes) if turn else None,
            "intent": turn.intent if turn else None,
            "entity": turn.entity if turn else None,
            "lang": button.lang,
        }


def by_pattern(moment: datetime, pattern: str, locale: str) -> str:
    """A moment by a pattern of Unicode TR 35, as the templates of dates ask for it."""
    return format_datetime(moment, pattern, locale=locale)


def in_language(words: Mapping[str, str], lang: str) -> str:
    """The words in a language, else in the first that there is."""
    return words.get(lang) or next(iter(words.values()), "")


def _printable(text: str) -> str:
    """The text without the control characters that no page may hold."""
    return "".join(char for char in text if char >= " " or char in "\n\t")
