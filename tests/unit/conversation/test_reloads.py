"""What came of reading the content anew is counted, and a refusal remembered until newer content is served."""

import pytest

from bot.conversation.desk import Reloaded
from bot.conversation.reloads import Reloads
from bot.editorial.serving import Reloaded as Outcome

pytestmark = pytest.mark.asyncio


async def test_refusal_is_told_until_content_is_served() -> None:
    outcomes = [Outcome(), Outcome(["topic.yaml:1: name: it is missing"]), Outcome(["the same"]), Outcome()]
    waiting = iter(outcomes)

    async def reload() -> Reloaded:
        return next(waiting)

    reloads = Reloads(reload)
    assert reloads.state == "ok"
    seen = []
    for outcome in outcomes:
        assert await reloads() is outcome
        seen.append((reloads.is_refused, reloads.state.startswith("ok: as before")))
    assert seen == [(False, False), (True, True), (True, True), (False, False)]
    assert reloads.counts == {"served": 2, "refused": 2}
