"""`explainer db`: the database's schema, its health, and a copy of it."""

import asyncio
import sys
from pathlib import Path

import click

from bot.core.clock import SystemClock
from bot.settings import load_settings


@click.group("db")
def database_commands() -> None:
    """Look after the database that DATABASE_URL or EXPLAINER_DATA names."""


@database_commands.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to this program's schema; `run` does so by itself."""
    from bot.storage.maintenance import upgrade_database  # noqa: PLC0415 - the other commands start faster

    settings = load_settings()
    before, after = asyncio.run(upgrade_database(settings.database_url, settings.explainer_data))
    if before == after:
        click.echo(f"The schema is {after} already.")
    else:
        click.echo(f"The schema is {after} now; it was {before or 'none'}.")


@database_commands.command("check")
def check_command() -> None:
    """Say which schema the database has, and whether anything in it is damaged; ends with 1 where it is."""
    from bot.storage.maintenance import check_database  # noqa: PLC0415

    settings = load_settings()
    health = asyncio.run(check_database(settings.database_url, settings.explainer_data))
    for fault in health.faults:
        click.echo(f"damaged: {fault}")
    click.echo(f"backend {health.backend}, schema {health.version or 'none'}, this program's is {health.newest}")
    if health.faults:
        click.echo("The database is damaged: stop the program and restore a backup.")
    elif not health.is_sound:
        click.echo("The schema is not this program's: run `explainer db upgrade`, or update the program.")
    else:
        click.echo("Everything in it can be read.")
    sys.exit(0 if health.is_sound else 1)


@database_commands.command("backup")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path | None) -> None:
    """Copy the database to the new FILE while the program runs (default: one named by the time, in this folder)."""
    from bot.storage.maintenance import back_up  # noqa: PLC0415

    settings = load_settings()
    target = file or Path(f"explainer-{SystemClock().now():%Y%m%dT%H%M%SZ}.db")
    size = back_up(settings.database_url, settings.explainer_data, target)
    click.echo(f"{target}: {size} bytes. Chats in it can be read only with the secret key: keep that elsewhere.")
