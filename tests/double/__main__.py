"""Runs the double as its own process: type what a resident writes, see what the bot sends back."""

import argparse
import asyncio
import sys

from tests.double.delivery import WebhookRules
from tests.double.server import TOKEN, BotApiDouble
from tests.double.world import Chat, Sent

PATIENCE = 1.5  # seconds for the last answers, after the input has ended


async def converse(port: int, lang: str, targets: tuple[str, ...], *, rich: bool) -> None:
    """Prints where the double listens; each line of standard input is a message, or the label of a button to press.

    A webhook that the bot sets is delivered to the targets, in turn; without them to its own address.
    """
    rules = WebhookRules(takes_http=True, targets=targets)
    async with BotApiDouble(port=port, webhooks=rules, rich=rich) as double:
        print(f"TELEGRAM_API_URL={double.url} TELEGRAM_BOT_TOKEN={TOKEN}", flush=True)
        chat = double.private(lang=lang)
        printing = asyncio.create_task(_print_all(chat))
        while line := await asyncio.to_thread(sys.stdin.readline):
            words = line.rstrip("\n")
            if any(sent.button(words) for sent in chat.messages.values()):
                chat.press(words)
            else:
                chat.say(words)
        await asyncio.sleep(PATIENCE)
        printing.cancel()
        for call in double.refused:
            print(f"refused: {call.method}: {call.description}", file=sys.stderr, flush=True)


async def _print_all(chat: Chat) -> None:
    while True:
        _print(await chat.reply(seconds=86_400))


def _print(sent: Sent) -> None:
    print(f"--- {'edited' if sent.edited else 'sent'} {sent.message_id}\n{sent.text}", flush=True)
    for kind, file in (("photo", sent.photo), ("document", sent.file)):
        if file is not None:
            print(f"    <{kind} {file.upload.name}, {len(file.upload.content)} bytes>", flush=True)
    for button in (button for row in sent.rows for button in row):
        print(f"    [{button['text']}]", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--rich", action="store_true", help="a server that knows rich messages")
    where = (
        "base address that a webhook is delivered to, such as http://127.0.0.1:8080; several get the updates in turn"
    )
    parser.add_argument("--webhook-target", action="append", default=[], help=where)
    given = parser.parse_args()
    asyncio.run(converse(given.port, given.lang, tuple(given.webhook_target), rich=given.rich))
