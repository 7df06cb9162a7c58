"""All that /readyz and /metrics tell of the program, gathered from its rooms, whichever of them there are."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from bot.conversation.reloads import Reloads
from bot.core.clock import Clock
from bot.platforms.web.metrics import Figures, Samples
from bot.platforms.web.readiness import FINE, Check, Checks, Look
from bot.platforms.web.stalls import LoopLag
from bot.reminders.ledger import Progress

UNDERSTANDING: Final = {  # what /readyz says of each status; a bot that can still answer is not taken out of service
    "ready": "ok",
    "words": "ok: by words alone, the encoder is not loaded",
    "examples": "ok: by the example questions alone, still training",
    "earlier": "ok: as before the reload, still training",
}
OPEN: Final = ("running", "paused")
CONTENT, DATABASE, DISK, MIND = "content", "database", "disk", "understanding"
SEEN_FOR: Final = 10.0  # seconds that the progress of campaigns is told before the database is asked again

_REMINDERS: Final = {
    "due": "explainer_reminders_due", "lag": "explainer_reminders_lag_seconds", "sent": "explainer_reminders_sent",
    "rejected": "explainer_reminders_rejected", "skipped": "explainer_reminders_skipped",
    "repeated": "explainer_reminders_repeated", "throttled": "explainer_reminders_throttled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: the topic's id and the content's version, how questions are understood (a key of UNDERSTANDING),
    and when the newest source became known."""

    topic: str
    version: str
    understanding: str
    newest_on: datetime | None


class Room(Protocol):
    """A disk; `free` in bytes as `look` saw it."""

    @property
    def free(self) -> int | None: ...

    async def look(self) -> str: ...


class Bot(Protocol):
    """The bot on a platform and its delivery; `figures` by metric, `reminders` by short names, both of this process.
    `progress` raises ServiceError."""

    def checks(self) -> Mapping[str, str]: ...

    def figures(self) -> Samples: ...

    def reminders(self) -> Mapping[str, float]: ...

    async def progress(self) -> Sequence[Progress]: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What is watched: the program's version, its clock, what it serves and how that is read anew, how the database is
    tried, its disk, and the bot where there is one."""

    version: str
    clock: Clock
    served: Callable[[], Served]
    reloads: Reloads
    probe: Look
    room: Room
    bot: Bot | None = None


class Watching:
    """Looks at one program; `lag` is to be kept watching beside it, and `stop` to be called at its end."""

    def __init__(self, program: Program) -> None:
        self.lag = LoopLag()
        self._program = program
        self._checks = Checks({DATABASE: program.probe, DISK: program.room.look})
        self._progress: Sequence[Progress] = ()
        self._campaigns = Check("campaigns", self._look_at_campaigns, fresh=SEEN_FOR)

    async def ready(self) -> dict[str, str]:
        """Each check by name: `ok`, `ok: …` or what is wrong. Takes a few seconds at most, whatever hangs."""
        program, looked = self._program, await self._checks.states()
        mind = UNDERSTANDING[program.served().understanding]
        return {CONTENT: program.reloads.state, **looked, MIND: mind, **(program.bot.checks() if program.bot else {})}

    async def figures(self) -> Figures:
        """The samples of every metric that has some now."""
        program, states = self._program, await self.ready()
        served, now = program.served(), program.clock.now()
        told: Samples = {
            "explainer_build_info": {(program.version,): 1},
            "explainer_pack_info": {(served.topic, served.version): 1},
            "explainer_content_reloads": {(result,): count for result, count in program.reloads.counts.items()},
            "explainer_understanding": {(status,): status == served.understanding for status in UNDERSTANDING},
            "explainer_ready": {(check,): state.startswith(FINE) for check, state in states.items()},
            "explainer_campaigns": {}, "explainer_campaign_reminders": {},
        }  # fmt: skip
        single: Mapping[str, float | None] = {
            "explainer_facts_age_seconds": (now - served.newest_on).total_seconds() if served.newest_on else None,
            "explainer_content_refused": program.reloads.is_refused,
            "explainer_clock_set": program.clock.is_set,
            "explainer_database_answer_seconds": self._checks.seconds(DATABASE),
            "explainer_disk_free_bytes": program.room.free,
            "explainer_loop_lag_seconds": self.lag.seconds,
        }
        told |= {name: {(): value} for name, value in single.items() if value is not None}
        return told | await self._of_bot(program.bot) if program.bot else told

    async def stop(self) -> None:
        """Ends what is under way."""
        await self._checks.stop()
        await self._campaigns.stop()

    async def _of_bot(self, bot: Bot) -> Samples:
        campaigns = campaign_figures(self._progress) if await self._campaigns.state() == FINE else {}
        reminders: Samples = {_REMINDERS[key]: {(): value} for key, value in bot.reminders().items()}
        return campaigns | reminders | bot.figures()

    async def _look_at_campaigns(self) -> str:
        if self._program.bot:
            self._progress = await self._program.bot.progress()
        return FINE


def campaign_figures(progress: Sequence[Progress]) -> Samples:
    """How many campaigns are not over, by state, and what became of their reminders, all of them together."""
    unfinished = [one for one in progress if one.state in OPEN]
    states = Counter(one.state for one in unfinished)
    reminders = {
        "sent": sum(one.sent for one in unfinished),
        "rejected": sum(one.rejected for one in unfinished),
        "skipped": sum(one.skipped for one in unfinished),
        "remaining": sum(one.remaining for one in unfinished),
    }
    return {
        "explainer_campaigns": {(state,): states[state] for state in OPEN},
        "explainer_campaign_reminders": {(state,): count for state, count in reminders.items()},
    }
