"""Tells Telegram what the bot is and what can be asked, in every language: its menu, its description."""

import logging
from collections.abc import Sequence

from telegram import Bot, BotCommand

from bot.core.messages import Command
from bot.platforms.telegram.desk import list_for_admins
from bot.platforms.telegram.edition import Edition

log = logging.getLogger(__name__)

DEFAULT = "en"  # shown to whoever has none of the other languages
LONGEST_DESCRIPTION = 256


async def register(bot: Bot, edition: Edition) -> None:
    """Registers the commands and descriptions of each language. A failure is logged: the bot works without them."""
    for language in sorted({DEFAULT, *edition.languages}, key=lambda lang: lang != DEFAULT):
        for step in (_list_commands, _describe):
            try:
                await step(bot, edition, language, None if language == DEFAULT else language)
            except Exception as error:  # whatever goes wrong here must not keep the bot from answering
                log.warning("telegram.menu_failed lang=%s error=%s", language, type(error).__name__)


async def _list_commands(bot: Bot, edition: Edition, language: str, code: str | None) -> None:
    entries = _entries(edition.commands, language)
    await bot.set_my_commands(entries, language_code=code)
    if edition.desk:
        await list_for_admins(bot, edition.desk, [*entries, *_entries(edition.desk.commands, language)], code)


async def _describe(bot: Bot, edition: Edition, language: str, code: str | None) -> None:
    """Sets what differs only: Telegram allows few changes a day."""
    description, about = edition.phrase("description", language), edition.phrase("about", language)
    if (await bot.get_my_description(code)).description != description:
        await bot.set_my_description(description, code)
    if (await bot.get_my_short_description(code)).short_description != about:
        await bot.set_my_short_description(about, code)


def _entries(commands: Sequence[Command], language: str) -> list[BotCommand]:
    return [entry for command in commands if (entry := _entry(command, language))]


def _entry(command: Command, language: str) -> BotCommand | None:
    description = command.descriptions.get(language) or command.descriptions.get(DEFAULT, "")
    return BotCommand(command.name, description[:LONGEST_DESCRIPTION]) if description else None
