"""Telegram with a crowd on it, as its own process, told on standard input what is to happen, a line each.

`N`: that many people ask, and it tells how they fared. `subscribers N`: it names that many chats. `reminded N`: it
waits until so many of these have got something, and tells how all fared.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.double.delivery import WebhookRules
from tests.double.server import TOKEN, BotApiDouble
from tests.double.world import Chat

PORT = 8081
PAUSE = 0.05  # seconds between two people: twenty ask in a second
PATIENCE = 120.0  # seconds until everybody has an answer
LATER = 2.0  # seconds in which a second answer would come


@asynccontextmanager
async def reachable(target: int) -> AsyncIterator[None]:
    """Lets everybody in the container's network reach a port that listens on loopback alone."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # a replica was killed: its connections are reset
        finally:
            writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    server = await asyncio.start_server(meet, "0.0.0.0", PORT)  # noqa: S104 - the network is the test's own
    try:
        yield
    finally:
        server.close()


async def ask(double: BotApiDouble, count: int) -> dict[str, int]:
    """How many of `count` new people got one answer, more, or none; posts that had to be repeated; refused calls."""
    chats, before = [], double.webhook.redeliveries
    for _ in range(count):
        chats.append(double.private())
        chats[-1].say("when is the vote?")
        await asyncio.sleep(PAUSE)
    with suppress(TimeoutError):  # the numbers tell
        await double.until(lambda: not double.pending and all(chat.messages for chat in chats), PATIENCE)
        await asyncio.sleep(LATER)
    return fared(chats) | {"repeated": double.webhook.redeliveries - before, "refused": len(double.refused)}


async def remind(double: BotApiDouble, chats: Sequence[Chat], count: int) -> dict[str, int]:
    """As `ask`, once `count` of the chats have got something; where those are all, also whether more comes."""
    with suppress(TimeoutError):
        await double.until(lambda: sum(bool(chat.messages) for chat in chats) >= count, PATIENCE)
        await asyncio.sleep(LATER if count == len(chats) else 0)
    return fared(chats) | {"refused": len(double.refused)}


def fared(chats: Sequence[Chat]) -> dict[str, int]:
    answers = Counter(min(len(chat.messages), 2) for chat in chats)
    return {"once": answers[1], "more": answers[2], "none": answers[0]}


async def main() -> None:
    subscribers: list[Chat] = []
    async with BotApiDouble(webhooks=WebhookRules()) as double, reachable(urlsplit(double.url).port or 0):
        print(f"TELEGRAM_API_URL=http://telegram:{PORT} TELEGRAM_BOT_TOKEN={TOKEN}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order, _, count = line.rpartition(" ")
            if order == "subscribers":
                subscribers = [double.private() for _ in range(int(count))]
                print(f"subscribers: {json.dumps([chat.id for chat in subscribers])}", flush=True)
            elif order == "reminded":
                print(f"reminded: {json.dumps(await remind(double, subscribers, int(count)))}", flush=True)
            else:
                print(f"crowd: {json.dumps(await ask(double, int(count)))}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
