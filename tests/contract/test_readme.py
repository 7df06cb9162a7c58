"""What the READMEs tell people to type exists: targets of make, commands and options, variables of the environment."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

import bot.settings
from bot.cli import main

CODE = re.compile(r"^```[^\n]*\n(?P<block>.*?)^```|`(?P<span>[^`\n]+)`", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|[;&|$(]\s*)(?:[A-Z_]+=\S+\s+)*(?:\S*/)?(?P<tool>make|explainer)(?P<words>[ \t][^\n]*)")
VARIABLE = re.compile(r"\b(?:EXPLAINER|TELEGRAM)_[A-Z_]+\b|\bDATABASE_URL\b")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
FOR_THE_TESTS = {"EXPLAINER_LONG"}


def code_lines(text: str) -> Iterator[str]:
    """The lines of every block of code, and every `span`."""
    for found in CODE.finditer(text):
        yield from (found["block"] or found["span"]).splitlines()


def calls(text: str, tool: str) -> Iterator[list[str]]:
    """The words after each call of a tool, up to the end of that one command."""
    for line in code_lines(text):
        for found in CALL.finditer(line.strip()):
            if found["tool"] == tool:
                lexer = shlex.shlex(found["words"], posix=True, punctuation_chars=True)
                lexer.whitespace_split = True
                words: list[str] = []
                for word in lexer:
                    if set(word) <= set("|;&<>()"):
                        break
                    words.append(word)
                yield words


def unknown_targets(text: str, makefile: str) -> list[str]:
    """The targets of make that a README names and the Makefile lacks."""
    named = {word for words in calls(text, "make") for word in words if "=" not in word and not word.startswith("-")}
    return sorted(named - set(TARGET.findall(makefile)))


def unknown_words(command: click.Command, words: list[str]) -> list[str]:
    """The subcommand, or the options, that a call names and the command lacks; empty where all is known."""
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return [words[0]]
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return sorted(options - known - {"--help"})


def environment(settings: type[BaseSettings]) -> set[str]:
    """The variables that a settings class reads."""
    prefix = settings.model_config.get("env_prefix", "")
    names: set[str] = set()
    for field, info in settings.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or f"{prefix}{field}"]
        names.update(choice.upper() for choice in choices if isinstance(choice, str))
    return names


@pytest.fixture
def readmes(repository: Path, own_files: tuple[str, ...]) -> dict[str, str]:
    """The text of every README of the repository."""
    names = [name for name in own_files if Path(name).name == "README.md"]
    return {name: (repository / name).read_text("utf-8") for name in names}


def test_front_page_names_the_two_commands(repository: Path) -> None:
    named = list(calls((repository / "README.md").read_text("utf-8"), "make"))
    assert ["run"] in named
    assert ["test"] in named


@pytest.mark.parametrize("room", ["facts", "responses", "bot", "deploy"])
def test_each_room_has_a_guide(repository: Path, room: str) -> None:
    assert (repository / room / "README.md").read_text("utf-8").strip()


def test_targets_in_readmes_exist(repository: Path, readmes: dict[str, str]) -> None:
    makefile = (repository / "Makefile").read_text("utf-8")
    assert not {name: unknown for name, text in readmes.items() if (unknown := unknown_targets(text, makefile))}


def test_commands_in_readmes_exist(readmes: dict[str, str]) -> None:
    assert isinstance(main, click.Group)
    named = [(name, words) for name, text in readmes.items() for words in calls(text, "explainer")]
    assert named
    assert not [(name, words, unknown) for name, words in named if (unknown := unknown_words(main, words))]


def test_variables_in_readmes_are_read(readmes: dict[str, str]) -> None:
    kinds = [kind for kind in vars(bot.settings).values() if isinstance(kind, type) and issubclass(kind, BaseSettings)]
    read = {name for kind in kinds for name in environment(kind)} | FOR_THE_TESTS
    named = {variable for text in readmes.values() for variable in VARIABLE.findall(text)}
    assert read > FOR_THE_TESTS
    assert not {variable for variable in named if variable not in read and variable.removesuffix("_FILE") not in read}


def test_calls_are_found_in_blocks_and_spans() -> None:
    block = "```\n$ A=b make X=1 test # slow\necho '{}' | explainer ask --batch | wc\n```\n"
    text = "Do `make run`, make sure of it.\n" + block
    assert list(calls(text, "make")) == [["run"], ["X=1", "test"]]
    assert list(calls(text, "explainer")) == [["ask", "--batch"]]


def test_unknown_targets_and_options_are_noticed() -> None:
    tool = click.Group(commands=[click.Command("ask", params=[click.Option(["--lang"])])])
    assert unknown_targets("`make walk` and `make run`", "run: x\n") == ["walk"]
    assert unknown_words(tool, ["tell"]) == ["tell"]
    assert unknown_words(tool, ["ask", "When?", "--lang", "es", "--at=now"]) == ["--at"]
    assert unknown_words(tool, ["ask", "When?", "--lang", "es"]) == []


def test_variables_of_settings_are_read_from_names_and_aliases() -> None:
    class Example(BaseSettings, env_prefix="EXPLAINER_"):
        port: int = 1

    assert environment(Example) == {"EXPLAINER_PORT"}
