"""Counting traffic: every count under a label of a closed set, whatever comes."""

import pytest
from telegram import Update

from bot.platforms.telegram.traffic import ENDS, METHODS, RESULTS, CallCounts, UpdateCounts, together
from bot.platforms.telegram.updates import KINDS


@pytest.mark.parametrize(
    ("status", "result"),
    [(200, "ok"), (400, "bad_request"), (401, "unauthorized"), (403, "forbidden"), (404, "not_found"),
     (409, "conflict"), (429, "too_many_requests"), (500, "server_error"), (504, "server_error"), (302, "other")],
)  # fmt: skip
def test_answered_call_counts_by_its_status(status: int, result: str) -> None:
    calls = CallCounts()
    calls.answered("getMe", status)
    assert calls.counts["getMe", result] == 1
    assert set(RESULTS.values()) < set(ENDS)


def test_unknown_method_counts_among_the_others() -> None:
    calls = CallCounts()
    for number in range(1000):
        calls.ended(f"method{number}", "lost")
    assert calls.counts["other", "lost"] == 1000
    assert {method for method, _ in calls.counts} == {"other", "sendMessage"}


def test_methods_are_those_of_the_bot_api() -> None:
    assert {name for name in METHODS if not name.isalpha()} == set()
    assert "sendMessage" in METHODS


def test_first_failure_of_a_message_is_a_rise() -> None:
    assert {result for method, result in CallCounts().counts if method == "sendMessage"} == set(ENDS)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_the_same_read_either_way(kind: str) -> None:
    counts = UpdateCounts("polling", KINDS)
    assert counts.kind_posted({"update_id": 1, kind: {}}) == kind
    assert hasattr(Update(1), kind)


def test_update_of_a_kind_nobody_asked_for_is_another() -> None:
    counts = UpdateCounts("webhook", KINDS)
    counts.note(counts.kind_posted({"update_id": 1, "poll": {}}), "unreadable")
    counts.note(counts.kind_read(Update(1)), "ignored")
    assert counts.counts["other", "webhook", "unreadable"] == counts.counts["other", "webhook", "ignored"] == 1
    assert sum(counts.counts.values()) == 2


def test_counts_of_two_pools_are_one() -> None:
    assert together({("a", "b"): 1}, {("a", "b"): 2, ("c", "d"): 1}) == {("a", "b"): 3, ("c", "d"): 1}
