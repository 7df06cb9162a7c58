"""What the whole program writes about itself at its most talkative: events, and nothing of anybody."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, closing, suppress
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot.wiring import Explainer
from tests.double import BotApiDouble, Chat, Person, WebhookRules
from tests.faults.programs import KEY, PATH, WEBHOOK, Program, programs

TOKEN = "7316260001:AAzx-a-token-that-stands-nowhere-else_0000"
ASKER, LEAVER, TYPIST = (Person(7310000000 + n, f"Xiomara{n}", lang) for n, lang in ((1, "en"), (2, "es"), (3, None)))
GROUPS, UNREADABLE = (-1007310000077, -1007310000078), 7310000099
NEIGHBOUR, FORWARDED = "127.7.31.9", "203.0.113.73"  # whence the page is read
WORDS = "quetzalcoatlus"  # stands in every text that somebody writes
MARKS = (
    WORDS, "Xiomara", "731000000", "731000007", "7310000099", NEIGHBOUR, FORWARDED, TOKEN, TOKEN.partition(":")[2],
    KEY, WEBHOOK["TELEGRAM_WEBHOOK_SECRET"], PATH.rpartition("/")[2],
)  # fmt: skip


def found_in(written: str) -> list[str]:
    """The marks that stand in a text, as they are or as JSON writes them."""
    return [mark for mark in MARKS if mark in written or json.dumps(mark)[1:-1] in written]


async def ask_privately(double: BotApiDouble) -> Chat:
    """Words, commands and presses of somebody who subscribes, and of somebody who leaves meanwhile."""
    chat = double.private(ASKER)
    for text in (
        f"when is the vote, {WORDS}?",
        f"/start {WORDS}",
        "/language",
        f"{WORDS} " * 300,
        "who is Cara Mendelsohn?",
    ):
        await chat.ask(text)
    chat.press("Yes, remind me", await chat.ask("/remind"))
    await chat.reply()
    for method, status in (("sendMessage", 502), ("sendMessage", 429), ("sendMessage", 400), ("sendChatAction", 500)):
        double.fail(method, status, retry_after=0.1)
        await chat.ask(f"what happened, {WORDS}?")  # after a refusal a word comes that says so
    double.drop("sendMessage", carried_out=True)
    await chat.ask(f"privacy {WORDS}")
    leaver = double.private(LEAVER)
    await leaver.ask("/help")
    leaver.delay = 0.3
    leaver.say(f"hola {WORDS}")
    leaver.block()
    return chat


async def ask_elsewhere(double: BotApiDouble, group_id: int) -> None:
    """A group that moves, what is typed behind the bot's name, and the bot as a guest."""
    group = double.group(ASKER, id=group_id, title=f"{WORDS} street")
    await group.ask(f"/vote@{double.username} {WORDS}")
    double.upgrade(group)
    offered = double.elsewhere.type(f"vote {WORDS}", by=TYPIST)
    await double.elsewhere.results(offered)
    await double.elsewhere.guest_reply(double.elsewhere.summon(f"when is the vote {WORDS}", by=TYPIST))
    async with asyncio.timeout(10):
        while double.pending:  # noqa: ASYNC110 - what a poll confirms is told to nobody
            await asyncio.sleep(0.02)


async def ended(request: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> str:
    """The body of a response, whatever its status."""
    async with request as response:
        return await response.text()


async def read_the_page(program: Program) -> str:
    """Every way to ask it, and the figures, which it gives."""
    headers = {"X-Forwarded-For": FORWARDED, "Forwarded": f"for={FORWARDED}", "User-Agent": WORDS}
    near = aiohttp.TCPConnector(local_addr=(NEIGHBOUR, 0))
    async with aiohttp.ClientSession(program.url, connector=near, headers=headers) as page:
        for body in ({"text": f"vote {WORDS}"}, {"text": WORDS, "lang": WORDS}, {"context": {"intent": WORDS}}):
            await ended(page.post("/api/ask", json=body))
        for form in ({"text": f"vote {WORDS}"}, {"press": WORDS, "intent": WORDS, "hint": WORDS}):
            await ended(page.post("/", data=form))
        await ended(page.post("/api/ask", data=WORDS.encode(), headers={"Content-Type": "application/json"}))
        await ended(page.get(f"/{WORDS}?{WORDS}"))
        await ended(page.get("/"))
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", program.port, local_addr=(NEIGHBOUR, 0))
        writer.write(f"NONSENSE {WORDS}\r\n\r\n".encode())
        await reader.read()
        writer.close()
        await writer.wait_closed()
    async with aiohttp.ClientSession(program.url) as watcher:
        return await ended(watcher.get("/metrics"))


async def post_strangely(program: Program) -> None:
    """To the webhook: without its secret, with bodies that are no update, and with strange ones."""
    secret = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK["TELEGRAM_WEBHOOK_SECRET"]}
    strange = {"message_id": 1, "date": 1, "chat": {"id": UNREADABLE, "type": WORDS}, "text": WORDS}
    async with aiohttp.ClientSession(program.url) as poster:
        await ended(poster.post(PATH, json={"update_id": 1}))
        for body in (
            WORDS, [WORDS], {"update_id": WORDS}, {"update_id": 990001, "message": WORDS},
            {"update_id": 990002, "message": strange}, {"update_id": 990003, "message": strange | {"text": [WORDS]}},
            {"update_id": 990004, "callback_query": {"id": WORDS, "from": {"id": UNREADABLE}, "data": WORDS}},
        ):  # fmt: skip
            await ended(poster.post(PATH, json=body, headers=secret))


def lose_tables(data: Path) -> None:
    """What a database that is away is like to one who asks it."""
    with closing(sqlite3.connect(data / "explainer.db", timeout=20)) as database:
        database.execute("PRAGMA foreign_keys = off")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not name.startswith("sqlite_"):
                database.execute(f'DROP TABLE "{name}"')
        database.commit()


@pytest_asyncio.fixture
async def double() -> AsyncIterator[BotApiDouble]:
    async with BotApiDouble(TOKEN, webhooks=WebhookRules()) as double:
        yield double


def settings(double: BotApiDouble, clock: str, form: str) -> dict[str, str]:
    return {
        "TELEGRAM_API_URL": double.url, "EXPLAINER_CLOCK": clock, "EXPLAINER_REHEARSAL": "1",
        "EXPLAINER_LOG_LEVEL": "DEBUG", "EXPLAINER_LOG_FORMAT": form, "PYTHONASYNCIODEBUG": "1",
    }  # fmt: skip


@pytest.mark.asyncio
async def test_every_journey_at_debug_writes_nothing_of_anybody(
    served: Explainer, data: Path, tmp_path: Path, double: BotApiDouble
) -> None:
    async with programs(double, tmp_path, data) as (program,):
        double.webhook.targets = [program.url]
        await program.start(**settings(double, "2025-11-06T07:30", "json"))
        chat = await ask_privately(double)
        await ask_elsewhere(double, GROUPS[0])
        figures = await read_the_page(program)
        await program.stop()
        check_lines(program.said)
        await program.start(**settings(double, "2025-11-06T08:00:01", "text"), **WEBHOOK)
        assert (await chat.reply(30)).text.startswith("Reminder")
        await ask_elsewhere(double, GROUPS[1])
        await post_strangely(program)
        await chat.ask("/privacy")
        chat.press("Forget me")
        await chat.reply()
        figures += await read_the_page(program)
        lose_tables(data)
        chat.say(f"vote {WORDS}")
        assert await chat.reply()
        chat.press("Español", await chat.ask("/language"))
        with suppress(TimeoutError):
            await chat.reply(1)
        await program.stop()
        assert not found_in(program.said), lines_with_marks(program.said)
        assert not found_in(figures)
        for event in ("telegram.reader_left", "telegram.update_unreadable", "storage.", "library", "sendMessage"):
            assert event in program.said + figures, event
        assert "Traceback" not in program.said


def lines_with_marks(written: str) -> list[str]:
    return [line for line in written.splitlines() if found_in(line)]


def check_lines(written: str) -> None:
    """Each line is one object, or one that the operator is told in words."""
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert len(lines) > 20
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in lines)
    told = [line for line in written.splitlines() if not line.startswith("{")]
    assert all(line.startswith(("The page is at", "The bot answers", "Stopping:")) for line in told), told


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong", [{}, {"OTEL_EXPORTER_OTLP_HEADERS": WORDS, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1]:9"}]
)
async def test_refused_token_and_wrong_settings_are_not_repeated(
    served: Explainer, data: Path, tmp_path: Path, wrong: dict[str, str]
) -> None:
    async with (
        BotApiDouble("7316260002:AAzx-the-token-of-another-bot_000000000000") as other,
        programs(other, tmp_path, data, **settings(other, "2025-11-06T07:30", "json") | wrong) as (program,),
    ):
        with suppress(AssertionError):
            await program.start(TELEGRAM_BOT_TOKEN=TOKEN)
        assert await program.ended() == 2
        assert ("OTEL_EXPORTER_OTLP_HEADERS" if wrong else "TELEGRAM_BOT_TOKEN") in program.said
        assert not found_in(program.said), lines_with_marks(program.said)


@pytest.mark.parametrize("mark", MARKS)
def test_mark_would_be_found(mark: str) -> None:
    assert found_in(json.dumps({"event": "x", "note": f"of {mark}!"})) or found_in(f"{mark}")
