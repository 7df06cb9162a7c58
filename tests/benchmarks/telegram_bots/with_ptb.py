"""python-telegram-bot as its documentation builds it: by polling, and behind its example of a webhook of one's own."""

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, ApplicationBuilder, CommandHandler, ContextTypes

from tests.benchmarks.telegram_bots.work import BUTTONS, COMMAND, TEXT, Place, read_arguments


async def vote(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    keyboard = [[InlineKeyboardButton(label, callback_data=data)] for label, data in BUTTONS]
    assert update.message
    await update.message.reply_html(TEXT, reply_markup=InlineKeyboardMarkup(keyboard))


def poll(place: Place) -> None:
    application = ApplicationBuilder().token(place.token).base_url(f"{place.api}/bot").build()
    application.add_handler(CommandHandler(COMMAND, vote))
    application.run_polling(allowed_updates=Update.ALL_TYPES)


async def serve(place: Place) -> None:
    """The example `customwebhookbot` with Starlette, without its second kind of updates."""
    application = Application.builder().token(place.token).base_url(f"{place.api}/bot").updater(None).build()
    application.add_handler(CommandHandler(COMMAND, vote))
    await application.bot.set_webhook(url=place.hook, allowed_updates=Update.ALL_TYPES, secret_token=place.secret)

    async def telegram(request: Request) -> Response:
        await application.update_queue.put(Update.de_json(data=await request.json(), bot=application.bot))
        return Response()

    app = Starlette(routes=[Route(place.path, telegram, methods=["POST"])])
    webserver = uvicorn.Server(uvicorn.Config(app=app, port=place.port, host="127.0.0.1", log_level="warning"))
    async with application:
        await application.start()
        await webserver.serve()
        await application.stop()


def main() -> None:
    way, place = read_arguments()
    if way == "polling":
        poll(place)
    else:
        asyncio.run(serve(place))


if __name__ == "__main__":
    main()
