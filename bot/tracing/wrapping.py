"""The program's parts as they were, but for what they do being taken down; made only where traces are wanted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from bot import __version__
from bot.conversation.conversation import Conversation
from bot.conversation.succession import Learner
from bot.core.messages import Incoming, Reply, Turn
from bot.core.ports import Answer, Understanding
from bot.core.spans import Spans, spanned
from bot.editorial.explainer import Explainer
from bot.factbase.snapshot import Snapshot
from bot.phrasebook.book import Phrasebook, Rendered
from bot.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Store = TypeVar("Store")

PATHS: Final = {"/": "page", "/api/ask": "api"}
BELOW: Final = {"/calendar/": "calendar", "/pictures/": "picture"}


class SpannedInterpreter:
    """Understands as another does."""

    def __init__(self, learner: Learner, spans: Spans) -> None:
        self._learner = learner
        self._spans = spans

    def understand(self, text: str, context: Turn | None = None) -> Understanding:
        """See `bot.core.ports.Interpreter`."""
        with self._spans.begin("understanding"):
            return self._learner.understand(text, context)

    def status(self) -> str:
        """See `bot.conversation.succession.Learner`."""
        return self._learner.status()


class SpannedPhrasebook(Phrasebook):
    """The same book: it shares all that the other has."""

    def __init__(self, book: Phrasebook, spans: Spans) -> None:
        vars(self).update(vars(book))
        self._spans = spans

    def render(self, turn: Turn, facts: Snapshot, lang: str, more: Mapping[str, Any]) -> Rendered:
        with self._spans.begin("rendering"):
            return super().render(turn, facts, lang, more)


class SpannedStore:
    """Hands on to `store` whatever it is asked; what is waited for is taken down by its name."""

    def __init__(self, store: object, spans: Spans) -> None:
        self._store = store
        self._spans = spans

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if iscoroutinefunction(found):
            found = spanned(self._spans, "database", found, operation=name)
            setattr(self, name, found)  # the next time it is at hand
        return found


@dataclass(frozen=True, slots=True)
class Tracing:
    """Wraps the program's parts where there are `spans` to take them down; else hands back each as it is."""

    spans: Spans | None = None
    end: Callable[[], Awaitable[None]] | None = None

    async def stop(self) -> None:
        """Posts what is left to be posted."""
        if self.end:
            await self.end()

    def store(self, store: Store) -> Store:
        """Readers, subscriptions, or the ledger of deliveries."""
        return cast(Store, SpannedStore(store, self.spans)) if self.spans else store

    def explainer(self, explainer: Explainer) -> Explainer:
        """Understanding and rendering are taken down."""
        return _explainer(self.spans, explainer) if self.spans else explainer

    def answer(self, answer: Answer) -> Answer:
        """The update or the request that asked notes what it was."""
        return _answer(self.spans, answer) if self.spans else answer

    def requests(self, app: "ASGIApp") -> "ASGIApp":
        """Requests of readers are taken down by what they ask for, never by their address."""
        return _requests(self.spans, app) if self.spans else app


def open_tracing(settings: Settings) -> Tracing:
    """As the settings want it; OpenTelemetry is loaded only where somebody collects. Raises SettingsError."""
    address, headers = settings.traces_address, settings.otel_exporter_otlp_headers
    if address is None:
        return Tracing()
    from bot.tracing.collector import Collector  # noqa: PLC0415

    collector = Collector(address, headers.get_secret_value() if headers else "", __version__)
    return Tracing(collector, collector.stop)


def _explainer(spans: Spans, explainer: Explainer) -> Explainer:
    understanding = SpannedInterpreter(explainer.understanding, spans)
    content = replace(explainer.content, phrasebook=SpannedPhrasebook(explainer.content.phrasebook, spans))
    conversation = Conversation(
        content.base, content.phrasebook, understanding, explainer.clock, explainer.dates, pictures=explainer.pictures
    )
    return replace(explainer, content=content, understanding=understanding, conversation=conversation)


def _answer(spans: Spans, answer: Answer) -> Answer:
    async def noted(incoming: Incoming) -> Reply:
        reply = await answer(incoming)
        spans.note(intent=reply.intent, outcome=reply.outcome, lang=reply.lang)
        return reply

    return noted


def _requests(spans: Spans, app: "ASGIApp") -> "ASGIApp":
    async def served(scope: "Scope", receive: "Receive", send: "Send") -> None:
        kind = _kind(scope["path"]) if scope["type"] == "http" else None
        if kind is None:
            await app(scope, receive, send)
            return

        async def noted(message: "Message") -> None:
            if message["type"] == "http.response.start":
                spans.note(status=str(message["status"]))
            await send(message)

        with spans.begin("request", platform="web", kind=kind):
            await app(scope, receive, noted)

    return served


def _kind(path: str) -> str | None:
    """What a path of the page is; None of those that only machines ask for, and of all others."""
    return PATHS.get(path) or next((kind for begins, kind in BELOW.items() if path.startswith(begins)), None)
