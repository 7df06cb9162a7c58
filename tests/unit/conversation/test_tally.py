"""Counts of answers: what was asked, how it ended, how long it took."""

from datetime import UTC, datetime

import pytest

from bot.conversation.pictures import OPTION
from bot.conversation.tally import REST, Kind, Tally, is_from_chat, is_from_page
from bot.core.messages import Incoming, Outcome, Reader, Reply, Turn

NOON = datetime(2025, 11, 5, 18, tzinfo=UTC)


def reply(intent: str = "what_is", outcome: Outcome = "answer", lang: str = "en") -> Reply:
    return Reply(intent, None, outcome, 1.0, lang, NOON, "<p>x</p>")


def test_most_frequent_intents_come_first_in_all_languages_together() -> None:
    tally = Tally()
    for given in (reply(), reply("sources"), reply("sources", lang="es"), reply("not_covered", "refuse")):
        tally.note(given, 0.001)
    assert tally.topics(2) == [("sources", "answer", 2), ("what_is", "answer", 1)]
    assert tally.languages() == {"en": 3, "es": 1}
    assert (tally.total, tally.count("refuse"), tally.count("refuse", "not_covered")) == (4, 1, 1)
    assert tally.count("refuse", "opinion") == tally.count("confirm") == 0


def test_times_are_told_by_the_step_that_they_stay_within() -> None:
    tally = Tally()
    assert tally.within(0.5) is None
    for seconds in (0.001, 0.0011, 0.002, 0.4):
        tally.note(reply(), seconds)
    assert (tally.within(0.25), tally.within(0.5), tally.within(0.95)) == (0.001, 0.0025, 0.5)
    assert tally.times[-1] == (float("inf"), 4)
    tally.note(reply(), 60.0)
    assert tally.within(0.95) == float("inf")
    assert tally.seconds == pytest.approx(60.4041)


def test_memory_is_bounded_whatever_is_counted() -> None:
    tally = Tally(most=2)
    for number in range(50):
        tally.note(reply(f"intent_{number}"), 0.0)
    assert len(tally.kinds) == 3
    assert (tally.kinds[Kind(REST, "answer", "en")], tally.total) == (48, 50)


@pytest.mark.asyncio
async def test_only_what_somebody_asks_as_of_now_is_counted() -> None:
    async def answer(incoming: Incoming) -> Reply:
        return reply(incoming.text or "help")

    async def nobody() -> bool:
        return False

    tally, reader = Tally(), Reader("telegram", "1", None, nobody)
    counted = tally.counting(answer, is_from_chat)
    for incoming in (Incoming("a", reader=reader), Incoming("b"), Incoming("c", reader=reader, at=NOON)):
        assert (await counted(incoming)).intent == incoming.text
    assert tally.topics(9) == [("a", "answer", 1)]


@pytest.mark.parametrize(
    ("incoming", "counts"),
    [
        (Incoming("when is the vote?"), True),
        (Incoming(turn=Turn("what_is", "term:287g")), True),
        (Incoming(turn=Turn("help"), lang_hint="en"), False),
        (Incoming(turn=Turn("what_happened", OPTION), lang="en"), False),
    ],
)
def test_greeting_and_pictures_of_a_page_are_not_asked_for(incoming: Incoming, counts: bool) -> None:
    assert is_from_page(incoming) is counts
