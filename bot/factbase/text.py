"""Texts of the pack: one line, a label in each language, or sentences in each language."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

LONGEST_LINE = 700  # characters of one sentence or quotation; a Telegram message takes 4,096 for all of an answer
MARKUP = re.compile(r"</?[A-Za-z!][^>]*>|&(#\d+|#x[0-9A-Fa-f]+|[A-Za-z]+);|\{[{%#]")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def check_line(line: str) -> str:
    """One line of text for readers: not empty, not over-long, without markup or invisible characters."""
    if not line.strip():
        raise PydanticCustomError("line_empty", "the text is empty", {"remedy": "write it, or remove the field"})
    if len(line) > LONGEST_LINE:
        raise PydanticCustomError(
            "line_long", "the text has {length} characters, more than {most}",
            {"length": len(line), "most": LONGEST_LINE, "remedy": "shorten it, or make a list of sentences of it"},
        )  # fmt: skip
    if found := MARKUP.search(line):
        raise PydanticCustomError(
            "line_markup",
            "markup in a text: {found}",
            {"found": found[0], "remedy": "write plain words; templates add the markup"},
        )
    for char in line:
        if unicodedata.category(char) in INVISIBLE:
            raise PydanticCustomError(
                "line_invisible", "a control or invisible character in a text: {char}",
                {"char": f"U+{ord(char):04X}", "remedy": "remove it"},
            )  # fmt: skip
    return line


def as_list(value: Any) -> Any:
    """Lets an editor write one thing where a list of one is meant."""
    return [value] if isinstance(value, str | dict) else value


def check_code(code: str) -> str:
    """An ISO 639 code of a language."""
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise PydanticCustomError(
            "language", "{code} is not a language code", {"code": code, "remedy": "write en, es, …"}
        )
    return code


Line = Annotated[str, AfterValidator(check_line)]
LanguageCode = Annotated[str, AfterValidator(check_code)]
Sentences = Annotated[tuple[Line, ...], BeforeValidator(as_list), Field(min_length=1)]


class Label(RootModel[dict[LanguageCode, Line]]):
    """A short text in each language, English always: a name, a title, a question."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _english(self) -> Self:
        require_english(self.root)
        return self

    def get(self, lang: str) -> str:
        """The text in `lang`, in English where that is missing."""
        return self.root.get(lang) or self.root["en"]


class Text(RootModel[dict[LanguageCode, Sentences]]):
    """Sentences in each language, English always; each is told with its source's number behind it."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _english(self) -> Self:
        require_english(self.root)
        return self

    def get(self, lang: str) -> tuple[str, ...]:
        """The sentences in `lang`, in English where that is missing."""
        return self.root.get(lang) or self.root["en"]


class Translation(RootModel[dict[LanguageCode, Line]]):
    """A quotation in other languages than the one it was spoken in."""

    model_config = ConfigDict(frozen=True)


def require_english(texts: Mapping[str, object]) -> None:
    """Raises unless an English text is there, which every other language falls back to."""
    if not texts.get("en"):
        raise PydanticCustomError("english_missing", "the English text is missing", {"remedy": "add a line en: …"})
