"""Inline and guest mode: queries from any chat, the results that the bot offers, and the messages that they become."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from time import monotonic_ns
from typing import Any

from tests.double.account import TOO_OLD
from tests.double.content import Contents
from tests.double.files import Files
from tests.double.messages import changed
from tests.double.rules import opens
from tests.double.table import RefusedError
from tests.double.world import Sent

MOST_RESULTS = 50
CACHE_TIME = 300  # seconds, where the bot names none
_START = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One result: what the list shows of it, and the message that it becomes."""

    id: str
    title: str
    description: str
    message: Sent
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What a person sees under what was typed, for whom and how long (seconds) the server may keep it."""

    results: tuple[InlineResult, ...]
    cache_time: int
    is_personal: bool
    next_offset: str
    button: dict[str, Any] | None

    @property
    def titles(self) -> list[str]:
        """The titles of the results, in order."""
        return [result.title for result in self.results]

    def result(self, title: str) -> InlineResult:
        """The result with this title."""
        return next(result for result in self.results if result.title == title)


class InlineMode:
    """The queries that wait for an answer, the answers, and the messages that were made of them by their ids."""

    def __init__(self, contents: Contents, files: Files, *, is_on: bool, takes_guests: bool) -> None:
        self.is_on = is_on
        self.takes_guests = takes_guests
        self.open: set[str] = set()
        self.answers: dict[str, InlineAnswer] = {}
        self.guests: set[str] = set()
        self.guest_answers: dict[str, Sent] = {}
        self.messages: dict[str, Sent] = {}
        self._contents = contents
        self._files = files

    @property
    def methods(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        return {"answerInlineQuery": self._answer, "answerGuestQuery": self._answer_guest}

    def expire(self, query: str) -> None:
        """Makes a query one that takes no answer."""
        self.open.discard(query)
        self.guests.discard(query)

    def keep(self, sent: Sent) -> Sent:
        """Gives a message an id of its own, by which the bot may edit it."""
        sent = replace(sent, inline_message_id=f"inline-{len(self.messages) + 1}-{monotonic_ns()}")
        self.messages[sent.inline_message_id] = sent
        return sent

    def edit(self, inline_message_id: str, sent: Sent) -> None:
        """Takes an edit; RefusedError where there is no such message."""
        before = self.messages.get(inline_message_id)
        if before is None:
            raise RefusedError("Bad Request: MESSAGE_ID_INVALID")
        self.messages[inline_message_id] = changed(before, sent)

    async def _answer(self, parameters: dict[str, Any]) -> bool:
        query, given = parameters["inline_query_id"], parameters["results"]
        if len(given) > MOST_RESULTS:
            raise RefusedError("Bad Request: RESULTS_TOO_MUCH")
        results = tuple(self._result(one) for one in given)
        if len({result.id for result in results}) < len(results):
            raise RefusedError("Bad Request: RESULT_ID_DUPLICATE")
        button = parameters.get("button")
        if button is not None:
            _check_button(button)
        if query not in self.open:
            raise RefusedError(TOO_OLD)
        self.open.discard(query)
        kept_for = parameters.get("cache_time", CACHE_TIME)
        is_personal, offset = parameters.get("is_personal", False), parameters.get("next_offset", "")
        self.answers[query] = InlineAnswer(results, kept_for, is_personal, offset, button)
        return True

    async def _answer_guest(self, parameters: dict[str, Any]) -> dict[str, str]:
        query, result = parameters["guest_query_id"], self._result(parameters["result"])
        if query not in self.guests:
            raise RefusedError(TOO_OLD)
        self.guests.discard(query)
        self.guest_answers[query] = sent = self.keep(result.message)
        return {"inline_message_id": sent.inline_message_id}

    def _result(self, given: dict[str, Any]) -> InlineResult:
        for field in ("url", "thumbnail_url"):
            if field in given and not opens(given[field]):
                raise RefusedError(f"Bad Request: can't parse inline query result: {field} is no address")
        try:
            message = self._message(given)
        except RefusedError as error:
            why = error.description.removeprefix("Bad Request: ")
            raise RefusedError(f"Bad Request: can't parse inline query result: {why}", fault=error.fault) from None
        return InlineResult(given["id"], given.get("title", ""), given.get("description", ""), message, given)

    def _message(self, given: dict[str, Any]) -> Sent:
        content, markup = given.get("input_message_content"), {"reply_markup": given.get("reply_markup")}
        if content is None:
            return self._contents.captioned(self._files.read("photo", given["photo_file_id"]), given)
        text = {"text": content["message_text"]} if "message_text" in content else {}
        return self._contents.text(content | text | markup)


def _check_button(button: dict[str, Any]) -> None:
    kinds = {"web_app", "start_parameter"} & set(button)
    if len(kinds) != 1:
        raise RefusedError(f"Bad Request: an inline query results button has exactly one kind, not {len(kinds)}")
    if "start_parameter" in kinds and not _START.fullmatch(button["start_parameter"]):
        raise RefusedError("Bad Request: START_PARAM_INVALID")
    if "web_app" in kinds and not button["web_app"]["url"].startswith("https://"):
        raise RefusedError(
            "Bad Request: inline query results button Web App URL is invalid: Only HTTPS links are allowed"
        )
