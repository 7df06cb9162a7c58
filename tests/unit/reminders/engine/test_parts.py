from bot.reminders.engine.backlog import ATTEMPTS, LONGEST_PAUSE, Backlog
from bot.reminders.engine.chat_limits import A_MINUTE, ChatLimits
from bot.reminders.engine.outage import IN_A_ROW, Outage
from bot.reminders.engine.outage import LONGEST_PAUSE as LONGEST_OUTAGE
from bot.reminders.engine.watch import LATE, Watch


def test_rows_come_in_order_those_never_tried_first() -> None:
    backlog = Backlog({3: 0, 1: 2, 2: 0})
    assert backlog.take(5, 0.0) == [2, 3, 1]
    assert backlog.next_at(0.0) is None


def test_rows_that_were_put_back_come_first_again() -> None:
    backlog = Backlog({1: 0, 2: 0, 3: 0})
    taken = backlog.take(2, 0.0)
    backlog.put_back(taken)
    assert backlog.take(3, 0.0) == [1, 2, 3]


def test_row_that_was_put_off_waits_for_its_time() -> None:
    backlog = Backlog({1: 0})
    backlog.put_off(backlog.take(1, 0.0)[0], 5.0)
    assert backlog.next_at(1.0) == 5.0
    assert backlog.take(1, 4.9) == []
    assert backlog.take(1, 5.0) == [1]


def test_pauses_grow_and_attempts_end() -> None:
    backlog = Backlog({1: 0})
    pauses = [backlog.tried(1) for _ in range(ATTEMPTS)]
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert pauses[-1] is None
    assert max(pause for pause in pauses if pause) == LONGEST_PAUSE


def test_attempts_of_earlier_runs_count() -> None:
    assert Backlog({1: ATTEMPTS - 1}).tried(1) is None


def test_second_attempt_that_nobody_can_tell_about_is_the_last() -> None:
    backlog = Backlog({1: 0})
    assert backlog.tried(1) is not None
    assert backlog.tried(1, unsure=True) is not None
    assert backlog.tried(1) is not None
    assert backlog.tried(1, unsure=True) is None


def test_attempt_of_an_earlier_run_may_have_been_one_that_nobody_can_tell_about() -> None:
    assert Backlog({1: 1}).tried(1, unsure=True) is None


def test_failures_in_a_row_are_an_outage_until_a_success() -> None:
    outage = Outage()
    for _ in range(IN_A_ROW):
        assert not outage.is_on
        outage.failed(100.0)
    assert outage.is_on
    assert outage.until == 101.0
    outage.succeeded()
    assert not outage.is_on
    assert outage.until == 0.0


def test_probes_of_a_long_outage_become_rare_but_do_not_end() -> None:
    outage, now, pauses = Outage(), 100.0, []
    for _ in range(IN_A_ROW + 12):
        outage.failed(now)
        outage.failed(now)  # what was under way with it does not count twice
        if outage.is_on:
            pauses.append(outage.until - now)
            now = outage.until
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_OUTAGE


def test_second_message_to_a_chat_waits_for_a_second() -> None:
    limits = ChatLimits()
    assert limits.wait("a", 100.0) == 0.0
    assert limits.wait("b", 100.1) == 0.0
    assert limits.wait("a", 100.5) == 0.5
    assert limits.wait("a", 101.0) == 0.0


def test_chat_gets_twenty_messages_a_minute() -> None:
    limits = ChatLimits()
    assert all(limits.wait("a", 100.0 + 2 * number) == 0.0 for number in range(A_MINUTE))
    assert limits.wait("a", 142.0) == 18.0
    assert limits.wait("a", 160.0) == 0.0


def test_chats_of_a_minute_ago_are_forgotten() -> None:
    limits = ChatLimits()
    for number in range(1000):
        limits.wait(str(number), float(number))
    assert len(limits._sent) <= 62


def test_silent_replica_is_late_after_three_seconds_and_a_living_one_never() -> None:
    watch = Watch("me")
    late = [watch.late({"me": 0, "lives": second, "dead": 5}, 100.0 + second) for second in range(8)]
    assert late[: int(LATE)] == [[]] * int(LATE)
    assert late[int(LATE)] == ["dead"]


def test_replica_that_was_held_up_itself_judges_nobody() -> None:
    watch = Watch("me")
    watch.late({"other": 1}, 100.0)
    watch.late({"other": 1}, 101.0)
    assert watch.late({"other": 1}, 130.0) == []
    assert watch.late({"other": 1}, 131.0) == []
