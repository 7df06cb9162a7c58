"""What goes wrong on Telegram's side, in one answer, or with the operator's settings, and what readers notice of it."""

import asyncio
import logging
from dataclasses import replace
from time import monotonic

import pytest

from bot.core.errors import SettingsError
from tests.double import BotApiDouble
from tests.double.stage import QUICK, FixedAnswers, KeptReaders, platform_on, stage

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_error_of_one_update_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        chat = on.double.private()
        assert (await chat.ask("fail")).text == "not_now in en"
        assert (await chat.ask("next")).text == "heard 4: next"
    assert "telegram.update_failed error=RuntimeError" in caplog.text
    assert "secret words" not in caplog.text


async def test_press_whose_answer_fails_is_acknowledged_and_told_so() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        on.readers.is_broken = True
        chat.press("Forget me")  # cannot be kept, so nothing may say that it was
        assert (await chat.reply()).text == "not_now in en"
        await on.double.until(lambda: not on.double.unanswered_presses)
        assert await chat.is_quiet()


async def test_language_that_cannot_be_kept_is_told_so() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        on.readers.is_broken = True
        chat.press("Español")
        assert (await chat.reply()).text == "not_now in es"


async def test_answer_stands_alone_where_only_its_turn_cannot_be_kept(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(readers=KeptReaders(is_broken=True)) as on:
        chat = on.double.private()
        await chat.ask("/vote")
        assert await chat.is_quiet()
    assert "telegram.turn_not_kept error=OSError" in caplog.text


async def test_message_that_telegram_refuses_is_followed_by_a_word() -> None:
    async with stage() as on:
        on.double.fail("sendMessage", 400)
        assert (await on.double.private().ask("hello")).text == "not_now in en"


async def test_answer_that_fails_and_cannot_be_told_so_counts_once(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        on.double.fail("sendMessage", 400, times=2)
        chat = on.double.private()
        chat.say("hello")
        assert (await chat.ask("next")).text == "heard 4: next"
        assert on.platform.watch.figures()["explainer_updates_failed"] == {(): 1}
    assert "telegram.failure_not_told error=BadRequest" in caplog.text


async def test_reader_is_answered_while_the_storage_is_down(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(readers=KeptReaders(is_broken=True)) as on:
        assert (await on.double.private().ask("/vote")).text.startswith("when_is_the_vote")
    assert "telegram.reader_unknown error=OSError" in caplog.text


async def test_flood_control_is_waited_out_and_the_answer_sent_once() -> None:
    async with stage() as on:
        on.double.fail("sendMessage", 429, retry_after=0.4)
        chat = on.double.private()
        begun = monotonic()
        assert (await chat.ask("hello")).text == "heard 5: hello"
        assert monotonic() - begun >= 0.4
        assert await chat.is_quiet()


async def test_flood_control_longer_than_a_minute_drops_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        on.double.fail("sendMessage", 429, retry_after=3600)
        chat = on.double.private()
        chat.say("lost")
        assert (await chat.ask("next")).text == "heard 4: next"
    assert "telegram.update_failed" in caplog.text


async def test_server_errors_on_sending_are_tried_again_a_few_times() -> None:
    async with stage() as on:
        chat = on.double.private()
        on.double.fail("sendMessage", 502, times=2)
        assert (await chat.ask("hello")).text == "heard 5: hello"
        on.double.fail("sendMessage", 500, times=3)
        chat.say("given up")
        assert (await chat.ask("next")).text == "heard 4: next"


@pytest.mark.parametrize("way", ["hang", "drop"])
async def test_answer_that_may_have_arrived_is_not_sent_twice(way: str, caplog: pytest.LogCaptureFixture) -> None:
    async with stage(replace(QUICK, read=0.3)) as on:
        chat = on.double.private()
        getattr(on.double, way)("sendMessage", carried_out=True)
        assert (await chat.ask("hello")).text == "heard 5: hello"
        assert (await chat.ask("next")).text == "heard 4: next"
        assert len(on.double.called("sendMessage")) == 2
    assert "telegram.send_unsure" in caplog.text


async def test_edit_is_made_again_where_nobody_can_tell() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("hello")
        on.double.drop("editMessageText")
        chat.press("Vote")
        assert (await chat.reply()).text == "when_is_the_vote in en [1]"


async def test_reader_who_blocked_the_bot_is_passed_over_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on:
        left, other = on.double.private(), on.double.private()
        sent = await left.ask("hello")
        left.blocked = True
        left.say("bye")
        left.press("Vote", sent)
        assert (await other.ask("hello")).text == "heard 5: hello"
        await on.double.until(lambda: len([call for call in on.double.calls if call.status == 403]) == 2)
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_slow_chat_holds_up_no_other_and_keeps_its_order() -> None:
    async with stage() as on:
        slow, quick = on.double.private(), on.double.private()
        slow.say("slow")
        slow.say("second")
        assert (await quick.ask("hello")).text == "heard 5: hello"
        on.answers.gate.set()
        assert [(await slow.reply()).text for _ in range(2)] == ["heard 4: slow", "heard 6: second"]


async def test_many_chats_at_once_are_each_answered_once_and_in_order() -> None:
    async with stage() as on:
        chats = [on.double.private() for _ in range(40)]
        for number in range(3):
            for chat in chats:
                chat.say(f"{number}")
        for chat in chats:
            assert [(await chat.reply()).text for _ in range(3)] == ["heard 1: 0", "heard 1: 1", "heard 1: 2"]
        assert on.double.refused == []


async def test_flood_of_one_chat_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(replace(QUICK, waiting=3)) as on:
        flooder = on.double.private()
        flooder.say("slow")
        await on.double.until(lambda: len(on.answers.asked) == 1)
        for number in range(6):
            flooder.say(str(number))
        assert (await on.double.private().ask("hello")).text == "heard 5: hello"
        on.answers.gate.set()
        assert [(await flooder.reply()).text[-1] for _ in range(4)] == ["w", "0", "1", "2"]
        assert await flooder.is_quiet()
    assert caplog.text.count("telegram.flooded") == 3


async def test_polling_comes_back_after_any_server_error() -> None:
    await asyncio.gather(*(_poll_through(status) for status in (500, 502, 504, 401, 404)))


async def _poll_through(status: int) -> None:
    async with stage() as on:
        on.double.fail("getUpdates", status)
        chat = on.double.private()
        await chat.ask("first")
        assert (await chat.ask("second")).text == "heard 6: second"
        assert (await chat.ask("third")).text == "heard 5: third"


async def test_polling_waits_as_long_as_flood_control_asks() -> None:
    async with stage() as on:
        on.double.fail("getUpdates", 429, retry_after=0.3)
        chat = on.double.private()
        await chat.ask("first")
        await on.double.until(lambda: [call for call in on.double.called("getUpdates") if call.status == 429])
        assert (await chat.ask("second")).text == "heard 6: second"


async def test_polling_comes_back_after_a_hang_and_a_lost_connection() -> None:
    async with stage(replace(QUICK, poll=0, read=0.3)) as on:
        chat = on.double.private()
        await chat.ask("first")
        on.double.hang("getUpdates")
        on.double.drop("getUpdates")
        await on.double.until(lambda: {"hang", "drop"} <= {call.fault for call in on.double.calls})
        assert (await chat.ask("second")).text == "heard 6: second"


async def test_two_pollers_are_named_in_plain_words(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as on, platform_on(on.double, FixedAnswers(), KeptReaders()):
        await on.double.until(lambda: on.double.conflicts > 1)
    assert "stop one of the two" in caplog.text


async def test_stop_finishes_the_answer_in_hand() -> None:
    async with stage() as on:
        chat = on.double.private()
        chat.say("slow")
        await on.double.until(lambda: on.answers.asked)
        stopping = asyncio.create_task(on.platform.stop())
        await asyncio.sleep(0.1)
        on.answers.gate.set()
        await stopping
        assert (await chat.reply()).text == "heard 4: slow"
        assert not on.platform.healthy


async def test_stop_gives_up_an_answer_that_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(replace(QUICK, stop=0.5)) as on:
        on.double.private().say("slow")
        await on.double.until(lambda: on.answers.asked)
        begun = monotonic()
        await on.platform.stop()
        assert monotonic() - begun < 1.5
    assert "telegram.stopped_in_hand" in caplog.text


async def test_stop_is_prompt_while_polling_backs_off() -> None:
    async with stage(replace(QUICK, stop=0.8)) as on:
        chat = on.double.private()
        await chat.ask("hello")
        on.double.fail("getUpdates", 502, times=50)
        chat.say("again")  # ends the poll that waits, the next ones fail
        await on.double.until(lambda: [call for call in on.double.called("getUpdates") if call.status == 502])
        begun = monotonic()
        await on.platform.stop()
        assert monotonic() - begun < 2.5


async def test_answered_updates_are_confirmed_at_the_stop() -> None:
    async with stage() as on:
        chat = on.double.private()
        await chat.ask("once")
        await on.platform.stop()
        async with platform_on(on.double, on.answers, on.readers):
            assert (await chat.ask("after the restart")).text == "heard 17: after the restart"
        assert [incoming.text for incoming in on.answers.asked] == ["once", "after the restart"]


@pytest.mark.parametrize("token", ["123456:not-this-bot", "", "no token", "123:abc/../getMe", "123:abc\n"])
async def test_wrong_token_is_one_calm_sentence_without_the_token(token: str) -> None:
    async with BotApiDouble() as double:
        with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN") as caught:
            await platform_on(double, FixedAnswers(), KeptReaders(), token=token or " ").start()
        assert "not-this-bot" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_bot_starts_while_telegram_is_out_of_reach(caplog: pytest.LogCaptureFixture) -> None:
    async with BotApiDouble() as double:
        double.fail("getMe", 503)
        async with platform_on(double, FixedAnswers(), KeptReaders()) as platform:
            assert not platform.healthy
            chat = double.private()
            chat.say("hello")
            assert (await chat.reply()).text == "heard 5: hello"
            assert platform.healthy
    assert "telegram.out_of_reach" in caplog.text


async def test_bot_that_never_reached_telegram_stops_cleanly() -> None:
    async with BotApiDouble() as double:
        double.fail("getMe", 503, times=100)
        begun = monotonic()
        async with platform_on(double, FixedAnswers(), KeptReaders()) as platform:
            assert not platform.healthy
        assert monotonic() - begun < 2


async def test_refused_menu_does_not_stop_the_bot(caplog: pytest.LogCaptureFixture) -> None:
    async with BotApiDouble() as double:
        double.fail("setMyCommands", 400, times=2)
        async with platform_on(double, FixedAnswers(), KeptReaders()):
            assert (await double.private().ask("hello")).text == "heard 5: hello"
            await double.until(lambda: len(double.called("setMyCommands")) == 2)
            await double.private().ask("again")
    assert "telegram.menu_failed lang=es error=BadRequest" in caplog.text


async def test_logs_hold_no_token_no_words_and_no_ids(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with stage() as on:
            chat = on.double.private()
            on.double.fail("getUpdates", 502)
            await chat.ask("a very private question")
            chat.press("Vote")
            await chat.reply()
            chat.say("fail")
            await chat.ask("more of it")
    assert "telegram.started" in caplog.text
    for kept in (on.double.token, "private question", str(chat.id), chat.person.first_name, "bot123456789"):
        assert kept not in caplog.text
