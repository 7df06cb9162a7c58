"""The kinds of value in a pack: ids, links, times, numbers; each says how to mend a wrong one."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from bot.factbase.text import LanguageCode, Line, as_list
from bot.factbase.when import When, parse_when

LONGEST_LINK = 2_000  # characters


def _check_id(value: str) -> str:
    if not value or len(value) > 60 or not all(char in "abcdefghijklmnopqrstuvwxyz0123456789-" for char in value):
        raise PydanticCustomError(
            "id",
            "{value} is not an id",
            {"value": repr(value), "remedy": "use small letters, digits and hyphens, as in mayors-memo"},
        )
    return value


def _check_link(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or len(value) > LONGEST_LINK
        or any(char.isspace() or not char.isprintable() or char in "<>\"'" for char in value)
    ):
        raise PydanticCustomError(
            "link", "{value} is not a web link", {"value": repr(value), "remedy": "write it from https:// on"}
        )
    return value


def _check_file_name(value: str) -> str:
    if "/" in value or "\\" in value or value.startswith("."):
        raise PydanticCustomError(
            "file_name",
            "{value} is not a file's name",
            {"value": repr(value), "remedy": "write the name alone, without folders"},
        )
    return value


def _check_phone(value: str) -> str:
    if not re.fullmatch(r"[+0-9][0-9.()-]{0,30}", value, re.ASCII):
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
FileName = Annotated[Line, AfterValidator(_check_file_name)]
Phone = Annotated[str, AfterValidator(_check_phone)]
Time = Annotated[InstanceOf[When], BeforeValidator(_read_when), WithJsonSchema({"type": "string"})]
Count = Annotated[int, BeforeValidator(_read_number), Field(ge=0)]
Switch = Annotated[bool, BeforeValidator(_read_switch)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(as_list)]
SomeIds = Annotated[Ids, Field(min_length=1)]
Words = dict[LanguageCode, Annotated[tuple[Line, ...], BeforeValidator(as_list)]]
