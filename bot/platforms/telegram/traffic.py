"""Counts what goes between this process and the Bot API, of nobody in particular, by closed sets of labels."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias

Way: TypeAlias = Literal["polling", "webhook"]
Fate: TypeAlias = Literal["taken", "ignored", "dropped", "unreadable"]
Counts: TypeAlias = Mapping[tuple[str, ...], float]

OTHER: Final = "other"
FATES: Final[tuple[Fate, ...]] = ("taken", "ignored", "dropped", "unreadable")
OK: Final = "ok"
METHODS: Final = frozenset({
    "answerCallbackQuery", "answerGuestQuery", "answerInlineQuery", "deleteWebhook", "editMessageText", "getChatMember",
    "getMe", "getMyDescription", "getMyShortDescription", "getUpdates", "getWebhookInfo", "sendChatAction",
    "sendDocument", "sendMessage", "sendPhoto", "sendRichMessage", "setMyCommands", "setMyDescription",
    "setMyShortDescription", "setWebhook",
})  # fmt: skip
RESULTS: Final = {  # of calls, by status: https://core.telegram.org/bots/api#making-requests
    HTTPStatus.OK.value: OK,
    HTTPStatus.BAD_REQUEST.value: "bad_request",
    HTTPStatus.UNAUTHORIZED.value: "unauthorized",
    HTTPStatus.FORBIDDEN.value: "forbidden",
    HTTPStatus.NOT_FOUND.value: "not_found",
    HTTPStatus.CONFLICT.value: "conflict",
    HTTPStatus.TOO_MANY_REQUESTS.value: "too_many_requests",
}
SERVER_ERROR: Final = "server_error"  # any 5xx
NOT_SENT, TIMEOUT, LOST = "not_sent", "timeout", "lost"  # never left, no answer in time, connection lost in between
ENDS: Final = (*RESULTS.values(), SERVER_ERROR, OTHER, NOT_SENT, TIMEOUT, LOST)
SEND: Final = "sendMessage"


class CallCounts:
    """Calls to the Bot API by their method and how they ended."""

    def __init__(self) -> None:
        # A figure that appears with its first failure would hide it: what a rate rises from has to be there before.
        self._ended: dict[tuple[str, ...], int] = {(SEND, result): 0 for result in ENDS}

    def answered(self, method: str, status: int) -> None:
        """One more call of this method that the server answered with this status."""
        self.ended(method, RESULTS.get(status) or (SERVER_ERROR if status >= 500 else OTHER))

    def ended(self, method: str, result: str) -> None:
        """One more call that ended so; `result` is one of this module's words."""
        key = (method if method in METHODS else OTHER, result)
        self._ended[key] = self._ended.get(key, 0) + 1

    @property
    def counts(self) -> Counts:
        """By method and result."""
        return dict[tuple[str, ...], float](self._ended)


class UpdateCounts:
    """Updates that came in by one way, by their kind and what became of them; and the answers that failed."""

    def __init__(self, way: Way, kinds: tuple[str, ...]) -> None:
        self.way = way
        self.failed = 0  # answers that ended in an error of this program's, or after the last try of a call
        self._kinds = kinds
        self._noted = {(kind, fate): 0 for kind in (*kinds, OTHER) for fate in FATES}

    def kind_posted(self, update: Mapping[str, Any]) -> str:
        """The kind of an update as JSON has it."""
        return next((kind for kind in self._kinds if kind in update), OTHER)

    def kind_read(self, update: object) -> str:
        """The kind of an update as the library has it."""
        return next((kind for kind in self._kinds if getattr(update, kind, None) is not None), OTHER)

    def note(self, kind: str, fate: Fate) -> None:
        """One more update; `kind` is one that this object told."""
        self._noted[kind, fate] += 1

    def fail(self) -> None:
        """One more answer that failed."""
        self.failed += 1

    @property
    def counts(self) -> Counts:
        """By kind, way and fate."""
        return {(kind, self.way, fate): count for (kind, fate), count in self._noted.items()}


def together(*counts: Counts) -> Counts:
    """Several counts added up."""
    added: dict[tuple[str, ...], float] = {}
    for one in counts:
        for labels, count in one.items():
            added[labels] = added.get(labels, 0) + count
    return added
