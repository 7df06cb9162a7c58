"""One message of several notices: whom it concerns, and what it is called."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.reminders.campaign import campaign_of
from bot.reminders.notice import Kind, Notice
from bot.reminders.subscription import Subscription

AT = datetime(2025, 11, 5, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Notice("mending", Kind.DAY, "0-1a2b3c4d", AT, AT + 20 * HOUR)
WINDOW = Notice("second-vote", Kind.WINDOW, "0-1a2b3c4d", AT + HOUR, AT + 9 * HOUR)
WRONG = Notice("third-vote", Kind.CORRECTION, "1-1a2b3c4d", AT, AT + 300 * HOUR)
OVER = Notice("grant-deadline", Kind.OVER, "0-1a2b3c4d", AT, AT + 300 * HOUR)
EARLY = Subscription("en", AT - HOUR)


def test_campaign_is_named_by_what_it_tells_in_whatever_order() -> None:
    one, other = campaign_of([DAY, WINDOW], AT), campaign_of([WINDOW, DAY], AT + HOUR)

    assert one.key == other.key
    assert one.notices == other.notices == (DAY, WINDOW)
    assert re.fullmatch(r"day-[a-z2-7]{8}", one.key)
    assert campaign_of([DAY], AT).key != one.key
    assert (one.closes_at, one.useful_until) == (AT + HOUR, AT + 20 * HOUR)


def test_campaign_without_a_sound_says_so_of_all_its_notices() -> None:
    silent = campaign_of([DAY, WINDOW], AT, silent=True)

    assert silent.silent
    assert all(notice.silent for notice in silent.notices)
    assert silent.key == campaign_of([DAY, WINDOW], AT).key


@pytest.mark.parametrize(
    ("subscription", "ended", "told"),
    [
        (EARLY, False, {DAY, WINDOW, WRONG}),
        (EARLY, True, {WRONG}),
        (replace(EARLY, paused=True), False, set()),
        (replace(EARLY, since=AT), False, {WINDOW}),
        (replace(EARLY, since=AT + HOUR), False, set()),
        (replace(EARLY, off=frozenset({"day"})), False, {WINDOW, WRONG}),
        (replace(EARLY, off=frozenset({"day", "week"})), False, {WRONG}),
        (replace(EARLY, off=frozenset({"hours"})), False, {DAY, WINDOW, WRONG}),
    ],
)
def test_subscriber_gets_what_was_chosen_and_is_new_to_him(
    subscription: Subscription, ended: bool, told: set[Notice]
) -> None:
    campaign = campaign_of([DAY, WINDOW, WRONG, OVER], AT)

    assert set(campaign.notices_for(subscription, ended=ended)) == told


def test_end_of_a_deadline_is_told_to_nobody() -> None:
    assert not campaign_of([OVER], AT).is_told
    assert campaign_of([OVER, DAY], AT).is_told
