"""The page, served on loopback to a real Chromium."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from bot.core.clock import Clock, SystemClock
from bot.core.messages import Incoming, Reply
from bot.phrasebook.book import Phrasebook
from bot.platforms.web.app import create_app
from bot.platforms.web.crowd import Crowd
from bot.platforms.web.server import WebServer
from tests.unit.platforms.web.samples import FakeAnswer, all_fine, known_codes, site

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class PatientAnswer(FakeAnswer):
    """Answers once `gate` is open."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, incoming: Incoming) -> Reply:
        await self.gate.wait()
        return await super().__call__(incoming)


@dataclass
class Visit:
    """A reader's browser at the page. `troubles` are errors of the page, `strangers` requests to other hosts."""

    page: Page
    context: BrowserContext
    answer: PatientAnswer
    url: str
    troubles: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    async def ask(self, text: str) -> None:
        """Types a question and waits for its answer."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")
        await self.settled()

    async def settled(self) -> None:
        """Waits until the newest question has its answer."""
        await self.page.wait_for_selector(".asked + .answered:last-child, .asked + .failed:last-child")
        await self.page.wait_for_selector("#log[aria-busy=false]")

    def watch(self) -> None:
        """Notes what a reader should never meet: errors, and requests to other hosts."""
        self.page.on(
            "console", lambda said: self.troubles.append(said.text) if said.type in {"error", "warning"} else None
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.strangers.append(request.url)


@dataclass
class Visits:
    """Opens the page as readers of many kinds do."""

    browser: Browser
    phrasebook: Phrasebook
    opened: list[tuple[Visit, WebServer]] = field(default_factory=list)

    async def open(
        self,
        clock: Clock | None = None,
        crowd: Crowd | None = None,
        answer: PatientAnswer | None = None,
        **options: Any,
    ) -> Visit:
        """A visit to a fresh server; `options` are those of Playwright's browser contexts."""
        answer = answer or PatientAnswer()
        answer.gate.set()
        shown = site(clock or SystemClock(), crowd)
        shown = replace(shown, door=replace(shown.door, phrase=self.phrasebook.phrase))
        app = create_app(answer, self.phrasebook.page, known_codes(), all_fine, shown)
        server = WebServer(app, "127.0.0.1", 0)
        await server.start()
        chosen = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", "locale": "en-US", **options}
        context = await self.browser.new_context(**chosen)
        visit = Visit(await context.new_page(), context, answer, server.url)
        visit.watch()
        await visit.page.goto(server.url)
        self.opened.append((visit, server))
        return visit

    async def close(self) -> None:
        for visit, server in self.opened:
            visit.answer.gate.set()
            await visit.context.close()
            await server.stop()


@pytest.fixture(scope="session")
def pictures(repository: Path) -> Path:
    """The folder where screenshots are kept."""
    folder = repository / "test-output"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def phrasebook(responses_folder: Path) -> Phrasebook:
    """The repository's own words."""
    return Phrasebook(responses_folder, ("en", "es"))


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM} on this machine: the page is not looked at in a browser here")
    return CHROMIUM


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """One browser for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser, phrasebook: Phrasebook) -> AsyncIterator[Visits]:
    """Visits to the page; at the end none may have met trouble or asked another host."""
    visits = Visits(browser, phrasebook)
    yield visits
    await visits.close()
    for visit, _ in visits.opened:
        assert visit.troubles == []
        assert visit.strangers == []
