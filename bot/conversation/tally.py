"""Counts answers, of nobody in particular: what was asked, how it ended, how long it took."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import monotonic
from typing import Final

from bot.conversation.pictures import OPTION
from bot.core.messages import Incoming, Outcome, Reply
from bot.core.ports import Answer

STEPS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
MOST: Final = 1000  # kinds that are told apart: some thirty intents, three outcomes, the languages
REST: Final = "other"
NOT_COVERED: Final = "not_covered"
HELP: Final = "help"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is counted together."""

    intent: str
    outcome: Outcome
    lang: str


class Tally:
    """Counts since it was made. Takes the same little memory however much is counted."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kinds: Counter[Kind] = Counter()
        self._times = [0] * (len(STEPS) + 1)
        self.seconds = 0.0  # of all answers together

    def note(self, reply: Reply, seconds: float) -> None:
        """One more answer, which took so long to make."""
        kind = Kind(reply.intent, reply.outcome, reply.lang)
        if kind not in self._kinds and len(self._kinds) >= self._most:
            kind = Kind(REST, reply.outcome, reply.lang)
        self._kinds[kind] += 1
        self._times[bisect_left(STEPS, seconds)] += 1
        self.seconds += seconds

    def counting(self, answer: Answer, is_asked: Callable[[Incoming], bool]) -> Answer:
        """The same answers, of which those are noted that `is_asked` says somebody asked for, as of now."""

        async def counted(incoming: Incoming) -> Reply:
            begun = monotonic()
            reply = await answer(incoming)
            if incoming.at is None and is_asked(incoming):
                self.note(reply, monotonic() - begun)
            return reply

        return counted

    @property
    def total(self) -> int:
        """All answers."""
        return sum(self._times)

    @property
    def kinds(self) -> Mapping[Kind, int]:
        """How many of each kind, the most frequent first."""
        return dict(self._kinds.most_common())

    @property
    def times(self) -> Sequence[tuple[float, int]]:
        """For each of STEPS, in seconds, and last for infinity: how many answers took at most so long."""
        return list(zip((*STEPS, float("inf")), accumulate(self._times), strict=True))

    def within(self, share: float) -> float | None:
        """The first of STEPS, or infinity, within which that share (0 to 1) of all answers was made; None of none."""
        total = self.total
        return next((step for step, count in self.times if count >= share * total), None) if total else None

    def topics(self, most: int) -> Sequence[tuple[str, Outcome, int]]:
        """The most frequent intents with their outcomes, in all languages."""
        counted: Counter[tuple[str, Outcome]] = Counter()
        for kind, count in self._kinds.items():
            counted[kind.intent, kind.outcome] += count
        return [(intent, outcome, count) for (intent, outcome), count in counted.most_common(most)]

    def languages(self) -> Mapping[str, int]:
        """How many answers in each language, the most frequent first."""
        counted: Counter[str] = Counter()
        for kind, count in self._kinds.items():
            counted[kind.lang] += count
        return dict(counted.most_common())

    def count(self, outcome: Outcome, intent: str | None = None) -> int:
        """How many answers ended so, of an intent or of all."""
        kinds = self._kinds.items()
        return sum(count for kind, count in kinds if kind.outcome == outcome and intent in {None, kind.intent})


def is_from_chat(incoming: Incoming) -> bool:
    """Whether somebody asked in a chat: cards that are offered elsewhere are not asked for one by one."""
    return incoming.reader is not None


def is_from_page(incoming: Incoming) -> bool:
    """Whether somebody asked on a page, which shows its greeting and its pictures of its own accord."""
    return incoming.turn is None or (incoming.turn.intent != HELP and incoming.turn.entity != OPTION)
