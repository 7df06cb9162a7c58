"""Makes calls to the Bot API at the rate that is allowed, and again where that can do no harm."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from telegram import Bot
from telegram.error import BadRequest, NetworkError
from telegram.request import RequestData

from bot.platforms.telegram.outflow import Outflow
from bot.platforms.telegram.transport import Pace, Ready, UnprocessedError

Result = TypeVar("Result")


class Calls:
    """The calls of answers.

    A call that had no effect (flood control, a server's 5xx, no connection) is made again a few times. Where nobody can
    tell (a time-out after sending), only a call that is `repeatable` is: twice as good as once.

    `outflow` says when a message may go. `used` counts the messages that were sent or edited, or may have been: what
    counts against Telegram's rate.
    """

    def __init__(self, bot: Bot, pace: Pace, outflow: Outflow) -> None:
        self.bot = bot
        self.used = 0
        self._pace = pace
        self._outflow = outflow

    def may_send(self) -> bool:
        """Takes leave for one message that goes without a call, where it may go now, and counts it."""
        if not self._outflow.try_take():
            return False
        self.used += 1
        return True

    async def make(self, method: str, body: bytes) -> Any:
        """One call with its parameters as JSON; the result as JSON has it. Raises TelegramError.

        The library would build objects of the parameters and of the result, for most of the time that a call takes.
        """
        return await self.bot.request.post(f"{self.bot.base_url}/{method}", cast(RequestData, Ready(body)))

    async def send(self, call: Callable[[], Awaitable[Result]], *, repeatable: bool) -> Result:
        """Makes a call that costs a message, when its turn has come. Raises TelegramError."""
        return await self.carefully(lambda: self._counted(call), repeatable=repeatable)

    async def carefully(self, call: Callable[[], Awaitable[Result]], *, repeatable: bool) -> Result:
        """Makes a call, again where it may be. Raises TelegramError."""
        for pause in self._pace.pauses:
            try:
                return await call()
            except BadRequest:
                raise
            except UnprocessedError as error:
                wait = max(error.wait, pause)
                if wait > self._pace.longest_wait:
                    raise
            except NetworkError:
                if not repeatable:
                    raise
                wait = pause
            await asyncio.sleep(wait)
        return await call()

    async def _counted(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Counts a call unless the server surely did nothing: refusals cost no message."""
        await self._outflow.take()
        try:
            result = await call()
        except (BadRequest, UnprocessedError):
            raise
        except NetworkError:
            self.used += 1
            raise
        self.used += 1
        return result
