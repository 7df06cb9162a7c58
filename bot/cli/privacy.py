"""`explainer privacy`: what is kept of readers, and in which columns of the database."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import click
from babel.dates import format_timedelta

from bot.core.errors import ContentError
from bot.phrasebook.kept import FILE, KeptItem, load_kept
from bot.settings import load_settings


@click.command("privacy")
@click.option("--lang", default="en", show_default=True, help="The language to tell it in.")
def privacy_command(lang: str) -> None:
    """Print what is kept of readers and until when, as /privacy tells them, and below each the columns that hold it."""
    from bot.storage.catalogue import columns  # noqa: PLC0415 - the other commands start faster

    settings = load_settings()
    (kept, findings), held = load_kept(settings.explainer_responses), columns()
    if findings:
        raise ContentError("\n".join(map(str, findings)))
    _check(kept, held)
    languages = {code for item in kept for code in item.what.root}
    if lang not in languages:
        raise click.UsageError(f"--lang: write one of {', '.join(sorted(languages))}")
    retention = format_timedelta(
        timedelta(days=settings.explainer_retention_days), granularity="day", threshold=float("inf"), locale=lang
    )
    for item in kept:
        click.echo("\n".join(_lines(item, lang, retention, held)))
    click.echo(f"Of a person, nothing else is stored: not in the {len(held.keys() - _told(kept))} other columns of "
               "the program, nor in those of the durable jobs, which hold numbers of chunks.")  # fmt: skip


def _lines(item: KeptItem, lang: str, retention: str, held: Mapping[str, str]) -> Iterator[str]:
    yield f"{item.what.get(lang)} {item.until.get(lang).replace('{retention}', retention)}"
    yield from (f"  {column}: {held[column]}" for column in item.columns)
    yield ""


def _told(kept: Sequence[KeptItem]) -> set[str]:
    return {column for item in kept for column in item.columns}


def _check(kept: Sequence[KeptItem], held: Mapping[str, str]) -> None:
    """Raises ContentError for columns that are told and not there, or there beside some that are told and not told."""
    told = _told(kept)
    tables = {column.partition(".")[0] for column in told}
    if unknown := sorted(told - held.keys()):
        raise ContentError(f"{FILE} names columns that no table has: {', '.join(unknown)}: correct the names.")
    if untold := sorted(column for column in held.keys() - told if column.partition(".")[0] in tables):
        raise ContentError(f"{FILE} does not tell of {', '.join(untold)}: put each under what it is kept for.")
