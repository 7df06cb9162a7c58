"""The kinds of value in a pack: ids, links, times, numbers; each says how to mend a wrong one."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from bot.factbase.text import LanguageCode, Line, as_list
from bot.factbase.when import When, parse_when


def _check_id(value: str) -> str:
    if not value or len(value) > 60 or not all(char in "abcdefghijklmnopqrstuvwxyz0123456789-" for char in value):
        raise PydanticCustomError(
            "id",
            "{value} is not an id",
            {"value": repr(value), "remedy": "use small letters, digits and hyphens, as in mayors-memo"},
        )
    return value


def _check_link(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or any(char.isspace() or not char.isprintable() or char in "<>\"'" for char in value)
    ):
        raise PydanticCustomError(
            "link", "{value} is not a web link", {"value": repr(value), "remedy": "write it from https:// on"}
        )
    return value


def _check_phone(value: str) -> str:
    if not re.fullmatch(r"[+0-9][0-9.()-]*", value):
        raise PydanticCustomError(
            "phone",
            "{value} is not a telephone number",
            {"value": repr(value), "remedy": "write it without spaces, as in 214-670-3738"},
        )
    return value


def _read_when(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_when(value, info.context["zone"] if info.context else ZoneInfo("UTC"))
    except ValueError as error:
        problem, _, remedy = str(error).rpartition(": ")
        raise PydanticCustomError("when", "{problem}", {"problem": problem, "remedy": remedy}) from error


def _read_number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value


def _read_switch(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Id = Annotated[str, AfterValidator(_check_id)]
Link = Annotated[str, AfterValidator(_check_link)]
Phone = Annotated[str, AfterValidator(_check_phone)]
Time = Annotated[InstanceOf[When], BeforeValidator(_read_when), WithJsonSchema({"type": "string"})]
Count = Annotated[int, BeforeValidator(_read_number), Field(ge=0)]
Switch = Annotated[bool, BeforeValidator(_read_switch)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(as_list)]
SomeIds = Annotated[Ids, Field(min_length=1)]
Words = dict[LanguageCode, Annotated[tuple[Line, ...], BeforeValidator(as_list)]]
