"""What the server's answer to a notice means: the number of its message, or one of the courier's errors."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson

from bot.platforms.telegram.transport import NOT_DONE, asked_pause
from bot.reminders.courier import (
    ChatGoneError,
    ChatMovedError,
    RefusedError,
    SendError,
    ThrottledError,
    TryAgainError,
    UnsureError,
)

# how Telegram words these in a 400; nothing else tells them from a wrong call
_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "deactivated")
_THREAD_GONE: Final = ("message thread not found", "topic_deleted", "topic_closed")
# about the token or a proxy and not about this chat, so they may pass
_ELSEWHERE: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND})


class ThreadGoneError(RefusedError):
    """The forum's topic is gone, the group is not."""


def message_id(payload: bytes) -> int:
    """The number of the message that was sent; UnsureError where the answer is none of Telegram's."""
    try:
        return int(_read(payload)["result"]["message_id"])
    except (KeyError, TypeError, ValueError):
        raise UnsureError("the answer holds no message") from None


def refusal(status: int, payload: bytes) -> SendError:
    """The error that any status but 200 stands for. A 504 leaves open what became of the message."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(asked_pause(payload))
    if status == HTTPStatus.FORBIDDEN:
        return ChatGoneError("the chat takes no messages of this bot any more")
    if status == HTTPStatus.BAD_REQUEST:
        return _bad_request(_read(payload))
    if status in NOT_DONE or status in _ELSEWHERE or status < 400:
        return TryAgainError(f"the server answered {status}")
    if status >= 500:
        return UnsureError(f"the server answered {status}")
    return RefusedError(f"the server refused the message ({status})")


def _bad_request(answer: dict[str, Any]) -> SendError:
    parameters = answer.get("parameters")
    if isinstance(parameters, dict) and (to := parameters.get("migrate_to_chat_id")):
        return ChatMovedError(str(to))
    if _says(answer, _GONE):
        return ChatGoneError("there is no such chat")
    if _says(answer, _THREAD_GONE):
        return ThreadGoneError("the topic is gone")
    return RefusedError("the server refused the message (400)")


def _says(answer: dict[str, Any], words: Sequence[str]) -> bool:
    description = str(answer.get("description", "")).lower()
    return any(word in description for word in words)


def _read(payload: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
