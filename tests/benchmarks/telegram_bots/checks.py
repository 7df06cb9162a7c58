"""Whether every update got exactly one right answer: read from the calls as they came, after they were measured."""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

import orjson

from tests.benchmarks.telegram_bots.exchanges import Call, Exchange, Wanted

_TAG = re.compile(r"<[^>]+>")


@dataclass
class Tally:
    """What became of a number of updates; `wrong` counts wrong answers by what is wrong, `examples` shows some;
    `characters` are of HTML."""

    right: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    characters: list[int] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        found = f"{self.right} right, {self.lost} lost, {self.doubled} doubled, {self.wrong.total()} wrong"
        worst = "; ".join(f"{number} × {problem}" for problem, number in self.wrong.most_common(3))
        return f"{found} ({worst})" if worst else found


def tally(exchanges: Iterable[Exchange]) -> Tally:
    """Checks updates that were handed out and had their time."""
    result = Tally()
    for exchange in exchanges:
        calls = [read_call(call) for call in exchange.calls]
        answers = [call for call in calls if not exchange.wanted.buttons or "reply_markup" in call]
        result.messages += len(calls)
        if len(answers) > 1 or exchange.acknowledged > 1:
            result.doubled += 1
        elif exchange.status:
            result.wrong[f"status {exchange.status}"] += 1
        elif not answers or exchange.acknowledged < exchange.wanted.is_pressed:
            result.lost += not calls
            result.wrong["incomplete: no buttons, or not acknowledged"] += bool(calls)
        elif problem := _problem(exchange, calls, answers[0]):
            result.wrong[problem] += 1
            result.examples.append({"update": exchange.content, "wanted": exchange.wanted.words, "calls": calls})
        else:
            result.right += 1
            result.characters.append(sum(len(call["text"]) for call in calls))
    result.wrong = +result.wrong
    return result


def _problem(exchange: Exchange, calls: list[dict[str, Any]], answer: dict[str, Any]) -> str:
    wanted, written = exchange.wanted, "\n".join(str(call.get("text", "")) for call in calls)
    checks = {
        "another chat": any(call.get("chat_id") != exchange.chat for call in calls),
        "no text": not all(call.get("text") for call in calls),
        f"method {calls[0].get('method')}": calls[0].get("method") != wanted.method,
        "not as HTML": any(call.get("parse_mode") != "HTML" for call in calls),
        "other words than wanted": not _holds(wanted, written),
        "too few buttons": _buttons(answer) < wanted.buttons,
    }
    return next((problem for problem, holds in checks.items() if holds), "")


def _holds(wanted: Wanted, written: str) -> bool:
    return written == wanted.words if wanted.is_all else wanted.words in plain(written)


def plain(marked: str) -> str:
    """HTML without its tags, every run of white space one space."""
    return " ".join(html.unescape(_TAG.sub("", marked)).split())


def _buttons(answer: dict[str, Any]) -> int:
    keyboard = answer.get("reply_markup", {}).get("inline_keyboard", [])
    return sum(len(row) for row in keyboard)


def read_call(call: Call) -> dict[str, Any]:
    """The parameters of a call, whatever form they came in; `method` is one of them."""
    read: dict[str, Any]
    if call.kind.startswith(b"multipart/"):
        read = _parts(call)
    elif call.kind.startswith(b"application/json"):
        read = orjson.loads(call.body or b"{}")
    else:
        read = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
    for name in ("chat_id", "reply_markup"):
        if isinstance(read.get(name), str):
            read[name] = orjson.loads(read[name])
    return {"method": call.method, **read}


def _parts(call: Call) -> dict[str, Any]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + call.kind + b"\r\n\r\n" + call.body)
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return fields
