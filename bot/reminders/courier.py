"""What a platform fills, so that notices reach the chats of its channel, and what can become of one message."""

from collections.abc import Mapping
from typing import Protocol

from bot.core.messages import Reply


class SendError(Exception):
    """A message was not acknowledged; the subclass says what is to become of it. Holds no chat id and no text."""


class ChatGoneError(SendError):
    """The reader blocked the bot, or the chat is no more: the subscription ends."""


class ChatMovedError(SendError):
    """The group lives on under another id, `to`: nothing was sent, the subscription moves and the message follows."""

    def __init__(self, to: str) -> None:
        super().__init__("the group has another id now")
        self.to = to


class ThrottledError(SendError):
    """The platform takes no more for `seconds`; nothing was sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the platform takes no more for {seconds:g} s")
        self.seconds = seconds


class RefusedError(SendError):
    """The platform will never take this message: nobody gains by trying again."""


class TryAgainError(SendError):
    """The message surely was not sent, for a reason that passes (server fault, no connection)."""


class UnsureError(SendError):
    """The connection ended after the message was on its way: nobody can tell whether it arrived."""


class Courier(Protocol):
    """Sends to the chats of one channel. All methods are called on the loop that the platform was started on."""

    def prepare(self, reply: Reply) -> object:
        """The payload of a reply, made once and then sent to many chats; never raises for a reply that was composed."""
        ...

    async def send(self, chat: str, thread: int | None, prepared: object, silent: bool) -> int:
        """Send it to one chat, without a sound where `silent`; the platform's id of the (first) message.

        Does not wait for its turn and does not try again: pace and repetition are the caller's. `thread` is a forum
        topic; where that is gone the message goes to the chat. Raises one of the SendErrors, within ten seconds.
        """
        ...

    def answers_sent(self) -> int:
        """How many messages answers to readers have used since the start: a count that only grows."""
        ...

    async def tell_admins(self, event: str, numbers: Mapping[str, str | int]) -> None:
        """Tell the operators that a campaign did `event` (`started`, `ended`, `stalled`, `resumed`).

        `numbers` holds `key`, `total`, `sent`, `rejected` and `remaining`. Never raises: what fails is logged.
        """
        ...
