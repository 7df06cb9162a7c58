"""The table of methods against the Bot API's own specification, and the refusals that come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.double.table import Entry, RefusedError, Table

SPECIFICATION = Path("data/telegram-bot-api-10.1.json")


def _as_specified(fields: list[dict[str, Any]]) -> dict[str, tuple[frozenset[str], bool]]:
    return {field["name"]: (frozenset(field["types"]), field["required"]) for field in fields}


def _as_written(entries: dict[str, Entry]) -> dict[str, tuple[frozenset[str], bool]]:
    return {name: (frozenset(entry.types), entry.required) for name, entry in entries.items()}


@pytest.mark.parametrize("kind", ["methods", "types"])
def test_table_says_what_the_specification_says(kind: str, shared: Path) -> None:
    specification = json.loads((shared / SPECIFICATION).read_text("utf-8"))
    table: dict[str, dict[str, Entry]] = getattr(Table(), kind)
    assert table
    for name, entries in table.items():
        assert _as_written(entries) == _as_specified(specification[kind][name].get("fields", [])), name


def test_unions_hold_only_what_the_specification_says(shared: Path) -> None:
    specification = json.loads((shared / SPECIFICATION).read_text("utf-8"))
    assert Table().unions
    for name, members in Table().unions.items():
        assert set(members.values()) <= set(specification["types"][name]["subtypes"]), name
        assert set(members.values()) <= set(Table().types), name


KEYBOARD = '{"inline_keyboard": [[{"text": "a", "callback_data": "%s"}]]}'


@pytest.mark.parametrize(
    ("method", "parameters", "why"),
    [
        ("sendPigeon", {}, "method not found"),
        ("sendMessage", {"chat_id": "1"}, "text is empty"),
        ("sendMessage", {"chat_id": "1", "text": ""}, "text is empty"),
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "1", "text": "x", "colour": "red"}, "unknown parameter colour"),
        ("sendMessage", {"chat_id": [1], "text": "x"}, "chat_id must be of type Integer or String"),
        ("sendMessage", {"chat_id": 1, "text": 5}, "text must be of type String"),
        ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": "maybe"}, "must be of type Boolean"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": "{"}, "can't parse reply_markup JSON object"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": KEYBOARD % ("x" * 65)}, "must be 1 to 64, not 65"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": KEYBOARD % ""}, "must be 1 to 64, not 0"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": KEYBOARD % ("é" * 33)}, "not 66"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_parameters": '{"message_id": 1, "x": 1}'}, "unknown field"),
        ("getUpdates", {"limit": "101"}, "limit must be 1 to 100"),
        ("getUpdates", {"timeout": "soon"}, "timeout must be of type Integer"),
        ("setWebhook", {}, "url is empty"),
        ("answerInlineQuery", {"inline_query_id": "1", "results": [{"type": "gif"}]}, "it is no InlineQueryResult"),
        ("setMyCommands", {"commands": [{"command": "vote"}]}, "description is empty"),
        ("setMyCommands", {"commands": [{"command": "v" * 33, "description": "x"}]}, "must be 1 to 32"),
        ("setMyCommands", {"commands": [{"command": "v", "description": "x"}] * 101}, "must be 0 to 100"),
    ],
)
def test_what_the_api_refuses_is_refused(method: str, parameters: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError) as caught:
        Table().checked(method, parameters)
    assert why in caught.value.description


def test_form_fields_and_json_values_are_both_read() -> None:
    form = {"chat_id": "-5", "text": "7", "link_preview_options": '{"is_disabled": true}', "protect_content": "true"}
    body = {"chat_id": -5, "text": "7", "link_preview_options": {"is_disabled": True}, "protect_content": True}
    assert Table().checked("sendMessage", form) == Table().checked("sendMessage", body) == body
