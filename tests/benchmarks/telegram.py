"""Measures what an answered update costs: our bot, python-telegram-bot, aiogram and a bare ASGI handler, side by side.

All run at once, on one core, and are measured in turns within each round, on the same work: a 750-character HTML answer
with four inline buttons (ours gives the real answers of the real pack). This process is Telegram to them, on another
core. Every update comes from a chat of its own and must get exactly one right answer.

`python -m tests.benchmarks.telegram [--rounds 3] [--updates 400] [--bots explainer,floor] [--json FILE] [--no-pin]`
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import orjson
import uvloop

from tests.benchmarks.telegram_bots.arena import Arena, Entry, Pin, arena
from tests.benchmarks.telegram_bots.checks import Tally, tally
from tests.benchmarks.telegram_bots.contenders import CONTENDERS, WORKS, Contender, UnavailableError
from tests.benchmarks.telegram_bots.line import Load
from tests.benchmarks.telegram_bots.questions import Questions, load_questions

OURS, FLOOR = "explainer webhook", "floor"
IDLE = 5.0  # seconds
Row = dict[str, Any]


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Everything, as plain values."""
    say("asking the command line for the right answers")
    is_ours = any(contender.is_ours for contender in arguments.bots)
    warm = min(arguments.updates, 200)
    each = warm + arguments.rounds * (arguments.updates + int(arguments.seconds * arguments.rate))
    count = each if "question" in arguments.works else 0
    questions = await asyncio.to_thread(load_questions, count) if is_ours else Questions(())
    with tempfile.TemporaryDirectory(prefix="telegram-benchmark-") as folder:
        async with arena(arguments.bots, questions, Path(folder), arguments.abreast, arguments.pin, say) as made:
            load = Load(arguments.abreast, arguments.polled)
            made.entries = [entry for entry in made.entries if entry.work in arguments.works]
            say("warming up")
            await made.warm_up(warm, load)
            for number in range(arguments.rounds):
                await measure_round(made.entries, load, arguments, number)
            await made.idle(IDLE)  # also time for answers that come twice
            return report(made)


async def measure_round(entries: Sequence[Entry], load: Load, arguments: argparse.Namespace, number: int) -> None:
    started = time.monotonic()
    for entry in entries:
        await entry.run_busy(arguments.updates, load)
    for entry in entries:
        await entry.run_paced(arguments.seconds, arguments.rate, seed=number)
    say(f"round {number + 1} of {arguments.rounds}: {time.monotonic() - started:.0f} s, load {os.getloadavg()[0]:.1f}")


def report(made: Arena) -> dict[str, Any]:
    rows = {entry.name: _row(entry, tally(entry.exchanges)) for entry in made.entries}
    return {"cores": os.cpu_count(), "rows": rows, "missing": made.missing, "goals": goals(rows)}


def _row(entry: Entry, found: Tally) -> Row:
    rss, pss = entry.running.memory()
    cuts = quantiles(entry.latencies, n=100) if len(entry.latencies) > 1 else [0.0] * 99
    return {
        "busy": entry.busy,
        "paced": entry.paced,
        "idle": entry.idle,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "rss_mb": rss,
        "pss_mb": pss,
        "characters": median(found.characters or [0]),
        "messages": found.messages / max(1, len(entry.exchanges)),
        "clean": found.is_clean,
        "answers": str(found),
        "examples": found.examples[:5],
        "strange": entry.line.strange,
        "other_calls": dict(entry.line.others),
    }


def goals(rows: dict[str, Row]) -> list[tuple[str, float, str, bool]]:
    """Each goal: what, the figure, the bound, whether it is met. Ratios are medians of those within each round."""
    reached: list[tuple[str, float, str, bool]] = []

    def ratio(what: str, above: str, below: str, bound: float, *, at_least: bool) -> None:
        if above in rows and below in rows:
            found = median(a / b for a, b in zip(rows[above]["busy"], rows[below]["busy"], strict=True))
            is_met = found >= bound if at_least else found <= bound
            reached.append((what, found, f"{'≥' if at_least else '≤'} {bound:g} ×", is_met))

    ratio("CPU of ptb polling to ours", "ptb polling", OURS, 5, at_least=True)
    ratio("CPU of aiogram replying in the webhook to ours", "aiogram reply", OURS, 2, at_least=True)
    ratio("CPU of ours to the floor's", OURS, FLOOR, 4, at_least=False)
    if OURS in rows:
        rss = rows[OURS]["rss_mb"]
        reached.append(("memory of ours, all of it (RSS)", rss, "≤ 256 MB", rss <= 256))
    if OURS in rows and FLOOR in rows:
        above = rows[OURS]["p99_ms"] - rows[FLOOR]["p99_ms"]
        reached.append(("p99 of ours above the floor's", above, "≤ 20 ms", above <= 20))
    return reached


def show(found: dict[str, Any]) -> None:
    """The tables."""
    rows: dict[str, Row] = found["rows"]
    ours, floor = (median(rows[name]["busy"]) if name in rows else None for name in (OURS, FLOOR))
    print("| bot | CPU s / 1,000: median (min–max) | to ours | to floor | paced | idle | p50, p99 ms | RSS, PSS MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, row in rows.items():
        busy = median(row["busy"])
        spread = f"{busy:.3f} ({min(row['busy']):.3f}–{max(row['busy']):.3f})"
        shares = " | ".join(f"{busy / part:.2f}" if part else "–" for part in (ours, floor))
        waits, sizes = f"{row['p50_ms']:.1f}, {row['p99_ms']:.1f}", f"{row['rss_mb']:.0f}, {row['pss_mb']:.0f}"
        print(f"| {name} | {spread} | {shares} | {median(row['paced']):.3f} | {row['idle']:.1%} | {waits} | {sizes} |")
    print("\n| bot | answers | characters | messages an update |\n| --- | --- | --- | --- |")
    for name, row in rows.items():
        strange = f", {row['strange']} calls for unknown chats" if row["strange"] else ""
        print(f"| {name} | {row['answers']}{strange} | {row['characters']:.0f} | {row['messages']:.2f} |")
    print("\n| goal | measured | wanted | |\n| --- | --- | --- | --- |")
    for what, figure, bound, is_met in found["goals"]:
        print(f"| {what} | {figure:.2f} | {bound} | {'met' if is_met else 'NOT met'} |")
    for name, reason in found["missing"].items():
        print(f"\nNot measured: {name}: {reason}")


def chosen(names: str) -> list[Contender]:
    """The bots whose names begin with one of those given, comma-separated."""
    beginnings = tuple(name.strip() for name in names.split(",") if name.strip())
    return [contender for contender in CONTENDERS if contender.name.startswith(beginnings)]


def cores(*, pinned: bool) -> Pin:
    """One core for the bots and another for Telegram's side, where there are two."""
    available = sorted(os.sched_getaffinity(0))
    return Pin({available[0]}, {available[1]}) if pinned and len(available) > 1 else Pin()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=400, help="of a round of the closed loop, for each bot")
    parser.add_argument("--abreast", type=int, default=40, help="updates in flight; Telegram's default for webhooks")
    parser.add_argument("--polled", type=int, default=1, help="updates that a poll of the closed loop gets at least")
    parser.add_argument("--rate", type=float, default=50.0, help="updates a second of the open loop")
    parser.add_argument("--seconds", type=float, default=2.5, help="of a round of the open loop, for each bot")
    parser.add_argument("--bots", type=chosen, default=list(CONTENDERS), help="beginnings of names, comma-separated")
    parser.add_argument("--works", default=",".join(WORKS), help="of our bot, comma-separated: %(default)s")
    parser.add_argument("--json", type=Path, help="writes all figures to this file too")
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()
    if not arguments.bots:
        parser.error("--bots names none of: " + ", ".join(contender.name for contender in CONTENDERS))
    arguments.works = arguments.works.split(",")
    arguments.pin = cores(pinned=arguments.pin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            found = runner.run(measure(arguments))
        except UnavailableError as error:
            sys.exit(str(error))
    show(found)
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    sys.exit(not all(row["clean"] for row in found["rows"].values()))


if __name__ == "__main__":
    main()
