"""The web platform's routes: the chat page, the API, and whether the service is well."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.core.messages import Incoming
from bot.core.ports import Answer, Codes
from bot.platforms.api import QuestionError, as_json, read_question
from bot.platforms.web.assets import load_assets
from bot.platforms.web.calendar import TopicCalendar
from bot.platforms.web.crowd import Crowd, retry_after
from bot.platforms.web.forms import known_turn
from bot.platforms.web.intake import preferred_language, read_body
from bot.platforms.web.links import keeping_to_the_web
from bot.platforms.web.metrics import Metrics
from bot.platforms.web.page import ChatPage, Site
from bot.platforms.web.pictures import PATH, PictureEndpoint, as_shown
from bot.platforms.web.protection import Protection, explain

log = logging.getLogger(__name__)

FINE = "ok"


@dataclass(frozen=True, slots=True)
class AskEndpoint:
    """POST /api/ask: a question as JSON in, an answer as JSON out; with its picture where it has one that is served,
    which is that of the present moment."""

    answer: Answer
    codes: Codes
    site: Site

    async def ask(self, request: Request) -> Response:
        """Status 200 with the answer; raises HTTPException 400, 413, 415, 422. Accept-Language is the hint. Status 429
        with `words` for the reader where the address has asked too much."""
        body = await read_body(request, "application/json")
        hint = preferred_language(request, self.site.languages)
        try:
            question = read_question(body, self.site.zone, self.site.languages)
        except QuestionError as error:
            if seconds := self.site.door.wait(request, ""):
                return self._crowded(seconds, hint)
            raise HTTPException(error.status, str(error)) from error
        if seconds := self.site.door.wait(request, question.text or ""):
            return self._crowded(seconds, question.lang or hint)
        incoming = self._known(question.incoming(hint))
        reply = await self.answer(incoming)
        shown = {"picture": as_shown(reply.picture)} if reply.picture and incoming.at is None else {}
        return JSONResponse(as_json(reply) | shown)

    def _crowded(self, seconds: int, lang: str | None) -> Response:
        words = self.site.door.words(lang or self.site.languages[0])
        told = {"error": f"This address asks too much: wait {seconds} s.", "words": words}
        return JSONResponse(told, 429, retry_after(seconds))

    def _known(self, incoming: Incoming) -> Incoming:
        """Without turns that the present pack has not: a page may have been open since an older one."""
        turn = known_turn(incoming.turn, self.codes)
        if incoming.turn and turn is None and not incoming.text:
            raise HTTPException(422, "intent, entity: there is no such turn now; send the label as text, too.")
        return replace(incoming, turn=turn, context=known_turn(incoming.context, self.codes))


@dataclass(frozen=True, slots=True)
class ReadyEndpoint:
    """GET /readyz: each check by name, `ok`, `ok: …` or what is wrong; status 200 where all are ok, else 503."""

    ready: Callable[[], Awaitable[dict[str, str]]]
    crowd: Crowd

    async def report(self, _request: Request) -> Response:
        try:
            checks = await self.ready() | self.crowd.checks()
        except Exception as error:  # a check that fails is an answer, not an accident
            log.error("web.readiness_unknown error=%s", type(error).__name__)
            checks = {"checks": type(error).__name__}
        return JSONResponse(checks, 200 if all(value.startswith(FINE) for value in checks.values()) else 503)


async def alive(_request: Request) -> Response:
    """GET /healthz: the process answers."""
    return PlainTextResponse(FINE)


def create_app(
    answer: Answer,
    page: Callable[..., str],
    codes: Codes,
    ready: Callable[[], Awaitable[dict[str, str]]],
    site: Site,
    calendar: TopicCalendar | None = None,
    metrics: Metrics | None = None,
) -> Starlette:
    """The application. `page(lang, **values)` renders the page's template; `ready` gives checks by name, each `ok` or
    a sentence; without `calendar` there are no calendar files, without `metrics` no figures."""
    assets, answer = load_assets(), keeping_to_the_web(answer)
    chat = ChatPage(answer, page, codes, site, assets.urls)
    pictures = PictureEndpoint(answer, site.languages, site.clock, site.door.phrase)
    watching = partial(site.door.watching, languages=site.languages)
    routes = [
        Route("/", chat.serve, methods=["GET", "POST"]),
        Route("/api/ask", AskEndpoint(answer, codes, site).ask, methods=["POST"]),
        Route("/healthz", alive, methods=["GET"]),
        Route("/readyz", ReadyEndpoint(ready, site.door.crowd).report, methods=["GET"]),
        Route("/static/{name}", assets.serve, methods=["GET"]),
        Route(PATH, watching(pictures.serve), methods=["GET"]),
    ]
    if metrics:
        routes.append(Route("/metrics", metrics.report, methods=["GET"]))
    if calendar:
        paths = ("/calendar/{topic}.ics", "/calendar/{topic}/{item}.ics")
        routes += [Route(path, watching(calendar.serve), methods=["GET"]) for path in paths]
    app = Starlette(routes=routes, middleware=[Middleware(Protection)], exception_handlers={HTTPException: explain})
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return app
