"""Puts the commands and their descriptions into Telegram's menu, in every language."""

import logging
from collections.abc import Sequence

from telegram import Bot, BotCommand

from bot.core.messages import Command

log = logging.getLogger(__name__)

DEFAULT = "en"  # shown to whoever has none of the other languages
LONGEST_DESCRIPTION = 256


async def register_commands(bot: Bot, commands: Sequence[Command], languages: Sequence[str]) -> None:
    """Registers the menu of each language. A failure is logged: the commands work without a menu too."""
    for language in sorted({DEFAULT, *languages}, key=lambda lang: lang != DEFAULT):
        entries = [entry for command in commands if (entry := _entry(command, language))]
        try:
            await bot.set_my_commands(entries, language_code=None if language == DEFAULT else language)
        except Exception as error:  # whatever goes wrong here must not keep the bot from answering
            log.warning("telegram.menu_failed lang=%s error=%s", language, type(error).__name__)


def _entry(command: Command, language: str) -> BotCommand | None:
    description = command.descriptions.get(language) or command.descriptions.get(DEFAULT, "")
    return BotCommand(command.name, description[:LONGEST_DESCRIPTION]) if description else None
