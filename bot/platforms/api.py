"""Questions and answers as JSON: one shape for the HTTP API and for the command line."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bot.core.errors import ExplainerError
from bot.core.messages import Button, Incoming, Reply, Turn
from bot.factbase.when import parse_moment
from bot.platforms.plaintext import to_text

YEARS = range(1900, 3000)  # the arithmetic of dates stays far from the ends of the calendar
FRACTION = re.compile(r"\.\d{1,9}(?=$|[Z+-])")


class QuestionError(ExplainerError):
    """A question that cannot be read; `status` is the HTTP status for it: 400 no JSON, 422 another shape."""

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(problem)
        self.status = status


def _read_instant(written: Any, info: ValidationInfo) -> Any:
    if written is None or isinstance(written, datetime):
        return written
    if not isinstance(written, str):
        raise PydanticCustomError("instant", "an instant is a string, as in 2025-11-06T09:00")
    zone = (info.context or {}).get("zone", ZoneInfo("UTC"))
    try:
        moment = parse_moment(FRACTION.sub("", written), zone)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("instant", "not an instant: write it like 2025-11-06T09:00-06:00") from error
    if moment.year not in YEARS:
        raise PydanticCustomError("instant", "the year is outside of 1900 to 2999")
    return moment


def _check_language(lang: Any, info: ValidationInfo) -> Any:
    languages: Sequence[str] | None = (info.context or {}).get("languages")
    if isinstance(lang, str) and languages is not None and lang not in languages:
        raise PydanticCustomError("language", "not one of {known}", {"known": ", ".join(languages)})
    return lang


IntentId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
EntityId = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}:[a-z0-9-]{1,80}$")]


class TurnIds(BaseModel):
    """A turn as two ids."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    intent: IntentId
    entity: EntityId | None = None

    def turn(self) -> Turn:
        return Turn(self.intent, self.entity)


class Question(BaseModel):
    """What somebody asks: words, or the turn of a pressed button (then the words, if any, are the button's label).

    `at` is ISO 8601; without an offset it is read in the zone of the validation context (`zone`, else UTC).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str | None = None
    lang: Annotated[str | None, BeforeValidator(_check_language)] = None
    at: Annotated[datetime | None, BeforeValidator(_read_instant)] = None
    context: TurnIds | None = None
    intent: IntentId | None = None
    entity: EntityId | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.intent is None and self.entity is not None:
            raise PydanticCustomError("entity", "an entity stands beside its intent")
        if self.intent is None and self.text is None:
            raise PydanticCustomError("nothing", "give text, or the intent of a pressed button")
        return self

    def incoming(self, lang_hint: str | None = None) -> Incoming:
        """The question as a conversation takes it."""
        return Incoming(
            text=self.text or "",
            turn=Turn(self.intent, self.entity) if self.intent else None,
            lang=self.lang,
            lang_hint=lang_hint,
            context=self.context.turn() if self.context else None,
            at=self.at,
        )


def read_question(written: str | bytes, zone: ZoneInfo, languages: Sequence[str]) -> Question:
    """Reads one JSON object. Raises QuestionError with one sentence that never repeats what was sent."""
    try:
        return Question.model_validate_json(written, context={"zone": zone, "languages": languages})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        raise QuestionError("This is not a JSON object in UTF-8.", 400)
    field = ".".join(str(part) for part in first["loc"]) if first["type"] != "extra_forbidden" else "unknown key"
    raise QuestionError(f"{field}: {first['msg']}." if field else f"{first['msg']}.", 422)


def as_json(reply: Reply) -> dict[str, Any]:
    """One answer as an object of plain JSON values; `at` to the second, with its offset."""
    return {
        "intent": reply.intent,
        "entity": reply.entity,
        "outcome": reply.outcome,
        "confidence": reply.confidence,
        "lang": reply.lang,
        "at": reply.at.isoformat(timespec="seconds"),
        "html": reply.html,
        "text": to_text(reply.html),
        "facts": list(reply.facts),
        "sources": [asdict(source) for source in reply.sources],
        "buttons": [_button(button) for button in reply.buttons],
        "suggestions": list(reply.suggestions),
    }


def _button(button: Button) -> dict[str, str | None]:
    spoken = {"lang": button.lang} if button.lang else {}
    if button.turn:
        return {"label": button.label, "intent": button.turn.intent, "entity": button.turn.entity, **spoken}
    return {"label": button.label, "url": button.url, **spoken}
