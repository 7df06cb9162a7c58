"""Keeps one address from taking the time of all others, and still hears those in danger."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import ceil
from time import monotonic
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.platforms.flood import FloodControl, Verdict
from bot.platforms.web.intake import preferred_language
from bot.platforms.web.origins import Network, Proxies, site_of

log = logging.getLogger(__name__)

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

AN_HOUR: Final = 3600.0  # seconds that /readyz tells of what was met
HOMES: Final = 8  # shares that a whole IPv6 site gets, which may have 65,536 homes, or be one
LINE, MOST_LINES = 400, 100  # characters of a question that counts once; the most that one counts for
PHRASE: Final = "crowded"
UNTRUSTED: Final = "ok: a proxy is not named in EXPLAINER_TRUSTED_PROXIES, so readers' addresses are not told apart"
UNNAMED: Final = (
    "ok: the proxy names no reader, so readers' addresses are not told apart: let it set X-Forwarded-For, "
    "and name only proxies in EXPLAINER_TRUSTED_PROXIES"
)


@dataclass(frozen=True, slots=True)
class Share:
    """What one address gets: so much at once, and one more every so many seconds."""

    burst: int
    every: float

    def control(self) -> FloodControl:
        """Sees to it, without a silence: who was refused is taken as soon as there is room again."""
        return FloodControl(self.burst, self.every, silence=0)

    def counting(self) -> "Counting":
        """Sees to it for homes, and for the sites that they are of."""
        return Counting(self.control(), replace(self, burst=self.burst * HOMES, every=self.every / HOMES).control())


@dataclass(frozen=True, slots=True)
class Counting:
    """What was asked for, by home and by site."""

    homes: FloodControl
    sites: FloodControl

    def wait(self, home: Network, now: float, weight: int = 1) -> int:
        """Seconds until it is taken: 0 where it is now, and counted."""
        site = site_of(home)
        counted = [(self.homes, home)] if site is None else [(self.homes, home), (self.sites, site)]
        seconds = max(control.wait(who, now, weight) for control, who in counted)
        if not seconds and all(control.judge(who, now, weight) is Verdict.TAKE for control, who in counted):
            return 0
        return max(1, ceil(seconds))


@dataclass(frozen=True, slots=True)
class Shares:
    """Of questions, of what is looked at (a service fetches calendars for all of its customers), and of questions of
    those in danger, beyond all others.

    A whole library or the customers of a mobile network may share one address. Somebody who reads the answers asks
    every half a minute at most, so eight questions a second are those of 240 people who all ask at once; to the
    machine, whose processor a question of a line keeps for six milliseconds, they are five percent. A long one keeps it
    for longer, and counts as one for every line that it has.
    """

    questions: Share = Share(300, 0.125)
    views: Share = Share(900, 0.0625)
    urgent: Share = Share(30, 2.0)


class Crowd:
    """Counts what each address asks for, in memory alone and no longer than it takes to make up for it. Requests whose
    address is not known are not counted: all readers would seem to be one. `now` gives seconds."""

    def __init__(
        self, proxies: Proxies | None = None, shares: Shares | None = None, now: Callable[[], float] = monotonic
    ) -> None:
        self._proxies = proxies or Proxies()
        self._now = now
        shares = shares or Shares()
        self._questions, self._views = shares.questions.counting(), shares.views.counting()
        self._urgent = shares.urgent.counting()
        self._met: dict[str, float] = {}  # what is wrong with a proxy, and when that was last met

    def question(self, request: Request, length: int, is_urgent: Callable[[], bool]) -> int:
        """Seconds until a question of so many characters is taken: 0 where this one is; `is_urgent` is asked where it
        would not be."""
        origin = self._origin(request)
        seconds = self._judge(self._questions, origin, min(1 + length // LINE, MOST_LINES))
        if seconds and is_urgent():
            seconds = self._judge(self._urgent, origin)
        return seconds

    def view(self, request: Request) -> int:
        """The same of anything that is looked at."""
        return self._judge(self._views, self._origin(request))

    def checks(self) -> dict[str, str]:
        """What /readyz says of it, which is nothing where all was well for an hour."""
        met = [sentence for sentence, at in self._met.items() if self._now() < at + AN_HOUR]
        return {"proxies": met[0]} if met else {}

    def _origin(self, request: Request) -> Network | None:
        origin = self._proxies.origin(request)
        if origin.is_unexplained:
            self._note(UNTRUSTED)
        elif origin.is_unnamed:
            self._note(UNNAMED)
        return origin.address

    def _note(self, sentence: str) -> None:
        """Logs it the first time."""
        if sentence not in self._met:
            log.warning("web.readers_not_told_apart: %s", sentence.removeprefix("ok: "))
        self._met[sentence] = self._now()

    def _judge(self, counting: Counting, home: Network | None, weight: int = 1) -> int:
        return 0 if home is None else counting.wait(home, self._now(), weight)


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in to one edition of the page: the crowd, which words are of somebody in danger, and what is said to
    those who have to wait, by language."""

    crowd: Crowd
    is_urgent: Callable[[str], bool]
    phrase: Callable[[str, str], str]

    def wait(self, request: Request, text: str) -> int:
        """Seconds until a question is taken: 0 where this one is."""
        return self.crowd.question(request, len(text), lambda: bool(text) and self.is_urgent(text))

    def words(self, lang: str) -> str:
        """The calm sentence for those who have to wait."""
        return self.phrase(PHRASE, lang)

    def watching(self, endpoint: Endpoint, languages: tuple[str, ...]) -> Endpoint:
        """The endpoint for those who are let in; the others are told when to come back."""

        async def watched(request: Request) -> Response:
            seconds = self.crowd.view(request)
            if not seconds:
                return await endpoint(request)
            lang = preferred_language(request, languages) or languages[0]
            return PlainTextResponse(self.words(lang), 429, retry_after(seconds))

        return watched


def retry_after(seconds: int) -> dict[str, str]:
    """The header that says when to come back."""
    return {"Retry-After": str(seconds)}
