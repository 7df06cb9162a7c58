"""The command `explainer`. Exit status: 0 done, 1 content or input at fault, 2 the call, 3 a service out of reach."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import uvloop

from bot import __version__
from bot.cli.campaigns import campaign_commands
from bot.cli.database import database_commands
from bot.cli.doctor import doctor_command
from bot.cli.privacy import privacy_command
from bot.cli.subscribers import subscriber_commands
from bot.core.clock import FixedClock
from bot.core.errors import ExplainerError, ServiceError
from bot.core.findings import Finding, errors
from bot.core.messages import Incoming
from bot.core.wording import counted
from bot.editorial.check import check_answers
from bot.editorial.content import Loaded, clock_of, load_content
from bot.factbase.quotes import LOCK_NAME
from bot.factbase.when import parse_moment
from bot.logs import keep_logs
from bot.platforms.api import QuestionError, as_json, read_question
from bot.settings import Settings, load_log_settings, load_settings, pack_folder
from bot.understanding.pack_interpreter import PackInterpreter
from bot.wiring import Explainer, build, run

FORMS = click.Choice(["html", "text", "json"])
QUIET: Final = "warning"  # what commands log whose output somebody reads; `run` chooses for itself


class Commands(click.Group):
    """Ends with the status of an error, and with its sentence instead of a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ExplainerError as error:
            click.echo(f"explainer: {error}", err=True)
            sys.exit(error.exit_status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="explainer")
@click.pass_context
def main(context: click.Context) -> None:
    """A chatbot that explains one local controversy, and names its source for every sentence."""
    if context.invoked_subcommand == doctor_command.name:
        return  # it tells of wrong settings itself, of these too
    logs = load_log_settings()
    is_chosen = "explainer_log_level" in logs.model_fields_set
    keep_logs(logs.explainer_log_format, logs.explainer_log_level if is_chosen else QUIET)


main.add_command(campaign_commands)
main.add_command(database_commands)
main.add_command(privacy_command)
main.add_command(doctor_command)
main.add_command(subscriber_commands)


@main.command("run")
def run_command() -> None:
    """Start everything that the environment configures: the page, and Telegram where there is a token."""
    settings = load_settings()
    keep_logs(settings.explainer_log_format, settings.explainer_log_level, settings.hidden)
    uvloop.run(run(settings, click.echo))


@main.command()
@click.option("--lang", help="The language to answer in; else that of the question.")
def chat(lang: str | None) -> None:
    """A conversation in the terminal."""
    from rich.console import Console  # noqa: PLC0415 - only this command needs it

    from bot.platforms.console import chat as talk  # noqa: PLC0415

    explainer, console = _ready_explainer(), Console()

    async def read_line() -> str | None:
        try:
            return await asyncio.to_thread(console.input, "› ")
        except EOFError:
            return None

    asyncio.run(
        talk(explainer.conversation, lang=_known_language(lang, explainer), console=console, read_line=read_line)
    )


@main.command()
@click.argument("text", required=False)
@click.option("--lang", help="The language to answer in; else that of the question.")
@click.option("--at", help="The instant to answer as of, like 2025-10-24T18:00.")
@click.option("--as", "form", type=FORMS, default="text", show_default=True)
@click.option("--context", help='The turn before, like {"intent": "what_is", "entity": "term:287g"}.')
@click.option("--batch", is_flag=True, help="JSON lines in, JSON lines out.")
@click.option("--explain", is_flag=True, help="With --as json: why the question was understood so.")
def ask(
    text: str | None, lang: str | None, at: str | None, form: str, context: str | None, batch: bool, explain: bool
) -> None:
    """Answer one question, or with --batch many."""
    if batch == (text is not None):
        raise click.UsageError("give a question, or --batch and questions on standard input")
    if explain and form != "json":
        raise click.UsageError("--explain goes with --as json")
    explainer = _ready_explainer()
    if batch:
        sys.exit(_answer_lines(explainer))
    if text is not None:  # bytes of a terminal that are no UTF-8 are not understood, and that is an answer too
        text = text.encode(errors="replace").decode()
    given = {"text": text, "lang": lang, "at": at, "context": _json(context)}
    try:
        question = _question(explainer, json.dumps({name: value for name, value in given.items() if value is not None}))
    except QuestionError as error:
        raise click.UsageError(str(error)) from error
    answer = as_json(explainer.conversation.answer(question))
    if explain:
        answer["why"] = explainer.interpreter.explain(question.text, question.context).as_json()
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1) if form == "json" else answer[form])


def _ready_explainer() -> Explainer:
    """The explainer with everything trained, which the first time after a change of the questions takes a while."""
    explainer = build(load_settings())
    if not explainer.interpreter.is_learnt() and sys.stderr.isatty():
        click.echo(
            "Learning the pack's example questions: once after each change of them, half a minute or so.", err=True
        )
    explainer.interpreter.warm(is_asked=False)
    return explainer


def _json(written: str | None) -> Any:
    try:
        return json.loads(written) if written else None
    except ValueError as error:
        raise click.UsageError(f"--context is not JSON: {error}") from error


def _question(explainer: Explainer, written: str | bytes) -> Incoming:
    base = explainer.content.base
    return read_question(written, base.zone, base.topic.languages).incoming()


def _answer_lines(explainer: Explainer) -> int:
    """Answers standard input line by line, each on its own line and in order; 1 where a line was at fault."""
    status = 0
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        try:
            answer = as_json(explainer.conversation.answer(_question(explainer, line)))
        except QuestionError as error:
            answer, status = {"error": str(error)}, 1
        click.echo(json.dumps(answer, ensure_ascii=False))
    return status


def _known_language(lang: str | None, explainer: Explainer) -> str | None:
    languages = explainer.content.base.topic.languages
    if lang is not None and lang not in languages:
        raise click.UsageError(f"--lang: write one of {', '.join(languages)}")
    return lang


@main.command()
@click.argument("pack", required=False)
@click.option(
    "--articles",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the sources' texts.",
)
@click.option("--at", help="Check as of this instant.")
@click.option("--as", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(pack: str | None, articles: Path | None, at: str | None, form: str) -> None:
    """Find everything that is wrong with a pack; with --articles, prove its quotations and write quotes.lock."""
    settings = load_settings()
    folder = _shown(pack_folder(settings.explainer_facts, pack))
    loaded = load_content(
        folder, _shown(settings.explainer_responses), lambda zone: _instant(settings, at, zone), articles
    )
    findings = loaded.findings
    if loaded.content:
        instant = _instant(settings, at, loaded.zone)
        interpreter = PackInterpreter(loaded.content.knowledge, settings.explainer_data / "cache")
        interpreter.warm()
        asked = interpreter.findings(folder)
        findings = sorted({*findings, *check_answers(loaded.content, instant), *asked})
    if loaded.quotes and loaded.quotes.lock:
        _write(folder / LOCK_NAME, loaded.quotes.lock)
    _report(findings, loaded, folder, form)
    sys.exit(1 if errors(findings) else 0)


def _instant(settings: Settings, at: str | None, zone: ZoneInfo) -> datetime:
    if at is None:
        return clock_of(settings.explainer_clock, zone).now()
    try:
        return FixedClock(parse_moment(at, zone)).now()
    except ValueError as error:
        raise click.UsageError(f"--at: {error}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ServiceError(f"{path} cannot be written ({error.strerror}): check the folder") from error


def _shown(path: Path) -> Path:
    """As a person in this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _report(findings: list[Finding], loaded: Loaded, folder: Path, form: str) -> None:
    quotes = loaded.quotes
    if form == "json":
        summary = {
            "pack": folder.name,
            "proven": quotes.proven if quotes else 0,
            "unchecked": list(quotes.unchecked) if quotes else [],
        }
        lines = [
            {
                "file": f.file,
                "line": f.line,
                "field": f.field,
                "problem": f.problem,
                "remedy": f.remedy,
                "level": f.level,
            }
            for f in findings
        ]
        click.echo(json.dumps({**summary, "findings": lines}, ensure_ascii=False, indent=1))
        return
    for finding in findings:
        click.echo(str(finding))
    click.echo("\n".join(_summary(findings, loaded, folder)))


def _summary(findings: list[Finding], loaded: Loaded, folder: Path) -> Iterator[str]:
    wrong = len(errors(findings))
    yield f"{folder}: {counted(wrong, 'error')}, {counted(len(findings) - wrong, 'warning')}"
    if loaded.quotes and loaded.quotes.lock:
        one = "quoted passage stands letter for letter in its article"
        many = "quoted passages stand letter for letter in their articles"
        yield f"{counted(loaded.quotes.proven, one, many)}; {LOCK_NAME} written"
    if loaded.content and loaded.quotes and loaded.quotes.unchecked:
        yield "quoted from sources whose texts are not at hand, not checked: " + ", ".join(loaded.quotes.unchecked)
