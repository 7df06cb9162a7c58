"""`explainer campaigns`: how far deliveries have come; pause, resume and cancel them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from bot.core.clock import SystemClock
from bot.core.errors import SettingsError
from bot.factbase.loader import load_pack
from bot.reminders.ledger import CampaignState, Progress
from bot.settings import Settings, load_settings, pack_folder

if TYPE_CHECKING:
    from rich.table import Table

    from bot.storage.ledger import LedgerStore

REFRESHED: Final = 0.5  # seconds between two looks while a terminal shows campaigns that run
COLUMNS: Final = ("campaign", "state", "total", "sent", "rejected", "remaining")


@click.group("campaigns", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, the newest first.")
@click.pass_context
def campaign_commands(context: click.Context, as_json: bool) -> None:
    """Show the deliveries: state, total, sent, rejected, remaining; on a terminal, live until they are over."""
    if context.invoked_subcommand is None:
        asyncio.run(_show(load_settings(), as_json))


@campaign_commands.command("pause")
@click.argument("key")
def pause_command(key: str) -> None:
    """Let the campaign KEY rest; what is on its way goes out."""
    _change(key, CampaignState.PAUSED, "paused")


@campaign_commands.command("resume")
@click.argument("key")
def resume_command(key: str) -> None:
    """Let the campaign KEY go on."""
    _change(key, CampaignState.RUNNING, "runs")


@campaign_commands.command("cancel")
@click.argument("key")
def cancel_command(key: str) -> None:
    """End the campaign KEY for good; who has not got it never will."""
    _change(key, CampaignState.CANCELLED, "cancelled")


def _change(key: str, state: CampaignState, said: str) -> None:
    if not asyncio.run(_set_state(load_settings(), key, state)):
        raise SettingsError(f"No campaign {key} is under way: `explainer campaigns` lists them.")
    click.echo(f"{key}: {said}")


async def _set_state(settings: Settings, key: str, state: CampaignState) -> bool:
    async with _ledger(settings) as ledger:
        return await ledger.set_state(key, state)


async def _show(settings: Settings, as_json: bool) -> None:
    async with _ledger(settings) as ledger:
        campaigns = await ledger.progress()
        if as_json:
            for one in campaigns:
                click.echo(json.dumps(written(one)))
        elif not campaigns:
            click.echo("No campaign yet.")
        elif sys.stdout.isatty():
            await _follow(ledger, campaigns)
        else:
            for line in _lines(campaigns):
                click.echo(line)


def written(one: Progress) -> dict[str, Any]:
    """A campaign as a script reads it."""
    return {
        "key": one.key, "state": one.state, "created_at": one.created_at.isoformat(), "planned": one.planned,
        "total": one.total, "sent": one.sent, "rejected": one.rejected, "skipped": one.skipped,
        "remaining": one.remaining,
    }  # fmt: skip


def _lines(campaigns: Sequence[Progress]) -> list[str]:
    rows = [COLUMNS, *(tuple(map(str, _row(one))) for one in campaigns)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(one: Progress) -> tuple[str | int, ...]:
    return one.key, one.state, one.total, one.sent, one.rejected, one.remaining


async def _follow(ledger: "LedgerStore", campaigns: Sequence[Progress]) -> None:
    """Until none runs or is paused, or the operator has seen enough."""
    from rich.live import Live  # noqa: PLC0415 - only a terminal needs it

    with Live(_table(campaigns), auto_refresh=False) as live:
        while any(one.state == "running" for one in campaigns):
            await asyncio.sleep(REFRESHED)
            campaigns = await ledger.progress()
            live.update(_table(campaigns), refresh=True)


def _table(campaigns: Sequence[Progress]) -> "Table":
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(*COLUMNS, "", box=None)
    for one in campaigns:
        bar = ProgressBar(total=max(1, one.total), completed=one.total - one.remaining, width=30)
        table.add_row(*map(str, _row(one)), bar)
    return table


@asynccontextmanager
async def _ledger(settings: Settings) -> AsyncIterator["LedgerStore"]:
    """The ledger of the topic that is served."""
    from bot.storage import open_storage  # noqa: PLC0415 - the other commands start faster
    from bot.storage.ledger import open_ledger  # noqa: PLC0415

    pack, _ = load_pack(pack_folder(settings.explainer_facts))
    if pack is None:
        raise SettingsError("EXPLAINER_FACTS: the pack cannot be read: run `explainer check`.")
    storage = await open_storage(settings.database_url, settings.explainer_data, settings.keys, SystemClock())
    try:
        ledger = open_ledger(settings.database_url, settings.explainer_data, storage.keys, pack.topic.id)
        try:
            yield ledger
        finally:
            await ledger.close()
    finally:
        await storage.close()
