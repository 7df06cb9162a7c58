"""The editors' desk on Telegram: what the bot expects of it, and its commands in the menus of its people."""

import logging
from collections.abc import Collection, Sequence
from typing import Protocol

from telegram import Bot, BotCommand, BotCommandScopeChat

from bot.core.messages import Command, Reply

log = logging.getLogger(__name__)


class Desk(Protocol):
    """Answers the `commands` of `admins` (Telegram's user ids)."""

    @property
    def admins(self) -> Collection[int]: ...

    @property
    def commands(self) -> Sequence[Command]: ...

    async def __call__(self, name: str, rest: str, person: int, lang: str) -> Reply | None:
        """The answer to a command that a person gave in private, with the words behind it; None where there is no such
        command for that person."""
        ...


async def list_for_admins(bot: Bot, desk: Desk, entries: Sequence[BotCommand], language: str | None) -> None:
    """Sets the menu of each administrator's own chat. Who never wrote to the bot has none: that is logged."""
    failed = 0
    for admin in desk.admins:
        try:
            await bot.set_my_commands(entries, scope=BotCommandScopeChat(admin), language_code=language)
        except Exception:  # whatever goes wrong with one menu must not keep the others from being set
            failed += 1
    if failed:
        log.warning("telegram.admin_menu_failed lang=%s admins=%d", language or "default", failed)
