"""How campaigns and their notices are written into the ledger and read back."""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from bot.reminders.campaign import Campaign
from bot.reminders.ledger import CampaignState
from bot.reminders.notice import CHOICES_OF, ENDING, Kind, Notice

OPEN: Final = (CampaignState.RUNNING, CampaignState.PAUSED)


class ChunkState(IntEnum):
    """Where a chunk stands."""

    WAITING = 0
    IN_HAND = 1  # a job has it
    TRAILING = 2  # a job has it, and only repetitions are left
    DONE = 3


def values_of(campaign: Campaign, topic: str, ended_at: datetime | None) -> dict[str, Any]:
    """The row of a campaign that begins; one that tells nobody anything is over at once."""
    again = campaign.closes_at > campaign.send_at
    return {
        "topic": topic,
        "key": campaign.key,
        "notices": json.dumps([_written(notice) for notice in campaign.notices], separators=(",", ":")),
        "state": CampaignState.RUNNING if campaign.is_told else CampaignState.DONE,
        "silent": campaign.silent,
        "told": campaign.is_told,
        "ending": any(notice.kind in ENDING for notice in campaign.notices),
        "created_at": campaign.send_at,
        "closes_at": campaign.closes_at if again else campaign.send_at,
        "useful_until": campaign.useful_until,
        "ended_at": ended_at,
        "round": 0 if campaign.is_told else 2,
        "planned_to": -1,
    }


def campaign_of(row: Any) -> Campaign:
    """The campaign of a row that has its key, notices, created_at, useful_until and silent."""
    return Campaign(row.key, notices_of(row.notices), row.created_at, row.useful_until, row.silent)


def notices_of(written: str) -> tuple[Notice, ...]:
    """The notices of the column `notices`."""
    return tuple(
        Notice(item, Kind(kind), version, datetime.fromisoformat(at), datetime.fromisoformat(until), silent)
        for item, kind, version, at, until, silent in json.loads(written)
    )


def has_correction(notices: Iterable[Notice]) -> bool:
    """Whether also those are told whose subscription has ended."""
    return any(notice.kind is Kind.CORRECTION for notice in notices)


def deciding_choices(notices: Iterable[Notice]) -> frozenset[str]:
    """The choices without any of which nothing of this is wanted; none where something of it always is."""
    choices = [CHOICES_OF.get(notice.kind, ()) for notice in notices if notice.kind is not Kind.OVER]
    return frozenset(choice for some in choices for choice in some) if all(choices) else frozenset()


def _written(notice: Notice) -> list[str | bool]:
    instants = [notice.send_at.isoformat(), notice.useful_until.isoformat()]
    return [notice.item, str(notice.kind), notice.version, *instants, notice.silent]
