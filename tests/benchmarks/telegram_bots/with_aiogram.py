"""aiogram 3 as its documentation builds it: by polling, by webhook, and replying in the webhook."""

import asyncio
import sys

from aiogram import Bot, Dispatcher, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

from tests.benchmarks.telegram_bots.work import BUTTONS, COMMAND, TEXT, Place, read_arguments


def answer(message: Message) -> SendMessage:
    rows = [[InlineKeyboardButton(text=label, callback_data=data)] for label, data in BUTTONS]
    return message.answer(TEXT, reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))


async def send(message: Message) -> None:
    """Makes a call of its own."""
    await answer(message)


async def reply(message: Message) -> SendMessage:
    """Hands the call to the webhook's response."""
    return answer(message)


def serve(bot: Bot, dispatcher: Dispatcher, place: Place, way: str) -> None:
    async def set_webhook(bot: Bot) -> None:
        await bot.set_webhook(place.hook, secret_token=place.secret)

    dispatcher.startup.register(set_webhook)
    app = web.Application()
    in_background = not way.startswith("reply")
    handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=in_background, secret_token=place.secret)
    handler.register(app, path=place.path)
    setup_application(app, dispatcher, bot=bot)
    web.run_app(app, host="127.0.0.1", port=place.port, loop=new_loop(way), print=None)


def new_loop(way: str) -> asyncio.AbstractEventLoop:
    if not way.endswith("-uvloop"):
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - in one of the two environments only

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def main() -> None:
    way, place = read_arguments()
    router = Router()
    router.message.register(reply if way.startswith("reply") else send, Command(COMMAND))
    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    session = AiohttpSession(api=TelegramAPIServer.from_base(place.api))
    bot = Bot(place.token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
    if way == "polling":
        dispatcher.run_polling(bot)
    else:
        serve(bot, dispatcher, place, way)


if __name__ == "__main__":
    sys.exit(main())
