"""What chats are sent: composed once for all who get the same, and again before the time that it tells is wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from bot.core.clock import Clock
from bot.core.messages import Reply
from bot.factbase.base import FactBase
from bot.reminders.campaign import Past
from bot.reminders.courier import Courier
from bot.reminders.engine.rate import elapsed
from bot.reminders.notice import Notice
from bot.reminders.planning import as_of, current

KEPT: Final = 10.0  # seconds; what is told counts minutes
MOST: Final = 100  # messages kept

Compose: TypeAlias = Callable[..., Reply | None]  # (notices, lang, now), as `Letters.compose`


class Wording:
    """`facts` and `past` are replaced when they change."""

    def __init__(self, compose: Compose, base: FactBase, clock: Clock, couriers: Mapping[str, Courier]) -> None:
        self._compose = compose
        self._base = base
        self._clock = clock
        self._couriers = couriers
        self._past = Past()
        self._kept: dict[tuple[tuple[Notice, ...], str, str], tuple[float, object | None]] = {}

    def learn(self, past: Past) -> None:
        """What the ledger knows by now."""
        if past != self._past:
            self._past = past
            self._kept.clear()

    def reload(self, compose: Compose, base: FactBase) -> None:
        """Other content from now on."""
        self._compose, self._base = compose, base
        self._kept.clear()

    def prepared(self, notices: Sequence[Notice], lang: str, channel: str) -> object | None:
        """The channel's payload for those of the notices that are true now; None where none is. A `lang` that the topic
        does not speak, as an import may have it, becomes its main language (`es-MX`: `es`) or the topic's first."""
        lang = self._spoken(lang)
        key, now = (tuple(notices), lang, channel), elapsed()
        kept = self._kept.get(key)
        if kept is None or now - kept[0] > KEPT:
            if len(self._kept) >= MOST:
                self._kept.clear()
            kept = self._kept[key] = (now, self._make(notices, lang, channel))
        return kept[1]

    def _spoken(self, lang: str) -> str:
        languages = self._base.topic.languages
        main = lang.partition("-")[0].lower()
        return next((code for code in (lang, main) if code in languages), languages[0])

    def _make(self, notices: Sequence[Notice], lang: str, channel: str) -> object | None:
        told = current(notices, self._base, self._clock, self._past)
        reply = self._compose(told, lang, as_of(told, self._clock, self._past)) if told else None
        return self._couriers[channel].prepare(reply) if reply else None
