from hypothesis import given
from hypothesis import strategies as st

from bot.reminders.engine.rate import AHEAD, FARTHEST, GRANTED, LONGEST_THROTTLE, Bucket, elapsed


def times(asked: list[tuple[float, int]], rate: float) -> list[float]:
    """When messages may go, for replicas that ask at these instants for so many."""
    bucket, granted = Bucket(), []
    for now, wanted in sorted(asked):
        bucket, grant = bucket.reserve(now, wanted, 0, rate)
        granted += [grant.first_at + number * grant.interval for number in range(grant.count)]
    return granted


@given(
    st.lists(st.tuples(st.floats(1000, 1010), st.integers(1, 100)), min_size=1, max_size=200),
    st.sampled_from([0.5, 3.0, 28.0, 500.0]),
)
def test_rate_is_kept_in_every_second_whoever_asks(asked: list[tuple[float, int]], rate: float) -> None:
    granted = times(asked, rate)
    assert granted == sorted(granted)
    for first in granted:
        assert sum(first <= at < first + 1.0 for at in granted) <= rate + 1


def test_replica_that_asks_in_time_gets_the_whole_rate() -> None:
    granted = times([(1000 + number * 0.1, 7) for number in range(100)], 28)
    assert len([at for at in granted if at < 1010]) >= 0.95 * 280


def test_unused_time_is_never_caught_up() -> None:
    assert len([at for at in times([(1000, 7), (1100, 7), (1100.1, 7)], 28) if at < 1101]) <= 21


def test_grant_holds_a_quarter_of_a_second_at_most_and_is_had_little_before_its_time() -> None:
    bucket, grant = Bucket().reserve(1000, 500, 0, 28)
    assert grant.count == int(28 * GRANTED)
    bucket, ahead = bucket.reserve(1000, 500, 0, 28)
    assert 1000 < ahead.first_at <= 1000 + AHEAD
    bucket, none = bucket.reserve(1000, 500, 0, 28)
    assert none.count == 0
    assert bucket.reserve(none.first_at, 500, 0, 28)[1].count > 0


def test_slow_rate_still_grants_one_message() -> None:
    assert Bucket().reserve(1000, 5, 0, 0.5)[1].count == 1


def test_answers_come_first() -> None:
    bucket, grant = Bucket().reserve(1000, 7, 28, 28)
    assert grant.count == 0
    assert bucket.next_at >= 1001


def test_throttle_holds_for_all_until_it_is_over() -> None:
    bucket = Bucket().throttled(1000, 5)
    assert bucket.reserve(1004, 7, 0, 28)[1].count == 0
    assert bucket.reserve(1004, 7, 0, 28)[1].first_at == 1005
    assert bucket.reserve(1005, 7, 0, 28)[1].count == 7


def test_shorter_throttle_does_not_end_a_longer_one() -> None:
    assert Bucket().throttled(1000, 60).throttled(1001, 1).reserve(1030, 7, 0, 28)[1].count == 0


def test_throttle_is_bounded() -> None:
    assert Bucket().throttled(1000, 1e6).closed_until == 1000 + LONGEST_THROTTLE


def test_clock_that_was_set_back_stops_nothing() -> None:
    bucket, _ = Bucket().throttled(9000, 600).reserve(9700, 7, 0, 28)
    assert bucket.next_at > 1000 + FARTHEST
    assert bucket.reserve(1000, 7, 0, 28)[1].first_at == 1000


def test_elapsed_time_only_grows() -> None:
    assert 0 < elapsed() <= elapsed()
