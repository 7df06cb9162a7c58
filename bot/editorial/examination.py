"""Looks at the content as `explainer doctor` does: what it would be served with, and how fresh it is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot.conversation.desk import newest
from bot.core.findings import errors
from bot.core.observations import Observation, doubtful, fine, wrong
from bot.core.wording import counted
from bot.editorial.content import Loaded, load_content

CHECK: Final = "content"
STALE: Final = timedelta(days=60)  # since the newest source; a controversy that moves is in the news more often


def examine_content(pack: Path, responses: Path, instant: Callable[[ZoneInfo], datetime]) -> list[Observation]:
    """The findings of the pack and the responses as of `instant(zone)`, the age of the newest source, and what is not
    proven; takes a second or two, blocks."""
    loaded = load_content(pack, responses, instant)
    amiss = len(errors(loaded.findings))
    if loaded.content is None or amiss:
        seen = f"{pack.name} has {counted(amiss, 'error')} and is not served"
        return [wrong(CHECK, seen, "`explainer check` lists what is wrong")]
    return [_soundness(pack.name, len(loaded.findings)), _freshness(loaded, instant(loaded.zone)), *_proof(loaded)]


def _soundness(name: str, warnings: int) -> Observation:
    if warnings:
        return doubtful(CHECK, f"{name} is served, with {counted(warnings, 'warning')}", "see `explainer check`")
    return fine(CHECK, f"{name} is served, without findings")


def _freshness(loaded: Loaded, now: datetime) -> Observation:
    since = newest(loaded.content.base.at(now)) if loaded.content else None
    if since is None:
        return doubtful(CHECK, "no source is known yet at this time", "see the clock, or the dates of the sources")
    days = (now - since).days
    seen = f"its newest source is {counted(days, 'day')} old ({since:%Y-%m-%d})"
    if now - since <= STALE:
        return fine(CHECK, seen)
    return doubtful(CHECK, seen, "see whether more has been reported since, and add it")


def _proof(loaded: Loaded) -> list[Observation]:
    """Readers are told that these are not checked, so it is no fault."""
    unchecked = loaded.quotes.unchecked if loaded.quotes else ()
    if not unchecked:
        return [fine(CHECK, "every quotation is proven by its article")]
    away = counted(len(unchecked), "article was", "articles were")
    return [fine(CHECK, f"{away} not at hand, and readers are told what is not checked")]
