"""One delivering process as the program runs it, for tests to kill: the real engine, the real courier, one due date."""

import argparse
import asyncio
import logging
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from yarl import URL

from bot.core.clock import RehearsalClock
from bot.core.messages import Reply, Turn
from bot.factbase.base import FactBase
from bot.factbase.loader import load_pack
from bot.platforms.telegram.connections import Connections
from bot.platforms.telegram.courier import TelegramCourier
from bot.reminders.engine.delivery import Delivery, Setup
from bot.storage import open_storage
from bot.storage.keys import Keys
from bot.storage.ledger import open_ledger
from bot.storage.ledger_engine import jobs_address
from tests.faults.sink import TOKEN

SECRET = "the secret of these tests, long enough"
AT = "2026-11-24T08:00:05-06:00"  # a week before the deadline of the small pack, so that its notice is due


class NoCodes:
    """The messages of these tests have no buttons."""

    def code(self, turn: Turn) -> str:
        raise AssertionError(turn)

    def turn(self, code: str) -> Turn | None:
        raise AssertionError(code)


def compose(notices: Any, lang: str, now: datetime) -> Reply:
    """A message as long as a real one."""
    told = ", ".join(f"{notice.item}: {notice.kind}" for notice in notices)
    return Reply("notice", None, "answer", 1.0, lang, now, f"<h3>{told}</h3><p>{'The council votes. ' * 20}</p>")


async def deliver(arguments: argparse.Namespace) -> None:
    """Delivers until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    pack, _ = load_pack(arguments.pack)
    assert pack is not None
    clock = RehearsalClock(datetime.fromisoformat(arguments.at))
    storage = await open_storage(arguments.database, arguments.folder, [SECRET], clock)
    ledger = open_ledger(arguments.database, arguments.folder, Keys([SECRET]), pack.topic.id)
    connections = Connections(arguments.api, 200)
    await connections.open()
    courier = TelegramCourier(connections, URL(f"{arguments.api}/bot{TOKEN}/sendMessage"), NoCodes, lambda: 0)
    setup = Setup(
        ledger, storage.subscriptions(pack.topic.id), {"telegram": courier}, clock, arguments.rate, arguments.name,
        jobs_address(arguments.database, arguments.folder), timedelta(days=30), rehearsal=True,
    )  # fmt: skip
    delivery = Delivery(setup, FactBase(pack), compose)
    await delivery.start()
    print("delivering", flush=True)
    await stop.wait()
    await delivery.stop()
    print("stopped", flush=True)
    await connections.close()
    await ledger.close()
    await storage.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--api")
    parser.add_argument("--rate", type=float, default=28.0)
    parser.add_argument("--name", default="local")
    parser.add_argument("--at", default=AT)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    asyncio.run(deliver(arguments))


if __name__ == "__main__":
    main()
