"""Looks at the environment as `explainer doctor` does: every wrong variable at once, and what remains without them."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from bot.core.errors import SettingsError
from bot.core.observations import Observation, doubtful, fine, wrong
from bot.settings import SECRETS, Settings, explained
from bot.storage.address import names_server
from bot.storage.keys import SHORT_SECRET

CHECK: Final = "settings"
FILES: Final = "secret files"
OURS: Final = ("EXPLAINER_", "TELEGRAM_", "DATABASE_")
PAIR: Final = ("TELEGRAM_WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET")
MOUNTED: Final = Path("/run/secrets")  # of a container, in which there is one user
MOST_A_SECOND: Final = 30  # messages; beyond that Telegram refuses: https://core.telegram.org/bots/faq


def survey(environment: Mapping[str, str]) -> tuple[Settings | None, list[Observation]]:
    """What is wrong with the variables, and the settings without those that are; None where nothing would be left."""
    without: dict[str, Any] = {}
    amiss: list[Observation] = []
    while True:
        try:
            settings = Settings(**without)
            break
        except ValidationError as error:
            found = error.errors(include_url=False)
            faults = {str(one["loc"][0]) if one["loc"] else "the environment": explained(one) for one in found}
        except SettingsError as error:
            name, _, said = str(error).partition(": ")
            faults = {name.lower(): said}
        if set(faults) & set(without) or not set(faults) <= set(Settings.model_fields):
            return None, [*amiss, *map(_fault, faults.items())]
        amiss += map(_fault, faults.items())
        without |= _left_out(faults)
    advice = [*_strangers(environment), *_advice(settings)]
    return settings, [*amiss, *advice] if amiss or advice else [fine(CHECK, "every variable can be used")]


def _fault(fault: tuple[str, str]) -> Observation:
    name, said = fault
    seen, _, remedy = said.rstrip(".").rpartition(": ")
    return wrong(CHECK, f"{name.upper()}: {seen or 'it cannot be used'}", remedy)


def _left_out(faults: Mapping[str, str]) -> dict[str, Any]:
    """The defaults of what is wrong; of a webhook's address and secret neither is of use alone."""
    pair = {f"{name.lower()}{ending}" for name in PAIR for ending in ("", "_file")}
    names = set(faults) | (pair if pair & set(faults) else set())
    fields = {name: Settings.model_fields[name].get_default(call_default_factory=True) for name in names}
    return {name: None if value is PydanticUndefined else value for name, value in fields.items()}


def _strangers(environment: Mapping[str, str]) -> Iterator[Observation]:
    """Variables that look like this program's and are read by nobody: a name misspelt is a setting without effect."""
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(environment):
        if name.upper().startswith(OURS) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1)
            yield doubtful(CHECK, f"{name} is read by nobody", f"write {near[0]}" if near else "take it away")


def _advice(settings: Settings) -> Iterator[Observation]:
    if settings.explainer_send_rate > MOST_A_SECOND and settings.telegram_api_url is None:
        seen = f"EXPLAINER_SEND_RATE is above the {MOST_A_SECOND} messages a second that Telegram takes"
        yield doubtful(CHECK, seen, "lower it to 28, unless Telegram has allowed more to this bot")
    with suppress(SettingsError):  # of an address that is not served the database's own check tells
        if names_server(settings.database_url) and not settings.keys:
            seen = "EXPLAINER_SECRET_KEY is required with PostgreSQL"
            yield wrong(CHECK, seen, "give every replica the same long secret")
    if any(len(key) < SHORT_SECRET for key in settings.keys):
        seen = f"EXPLAINER_SECRET_KEY holds a key shorter than {SHORT_SECRET} characters, easy to guess"
        yield doubtful(CHECK, seen, "put a long one and a comma before it, and take the short one out the next day")


def examine_secret_files(settings: Settings) -> list[Observation]:
    """Who else may read or change the files that the secrets stand in; they are named by their variables."""
    named = [(f"{name}_file".upper(), getattr(settings, f"{name}_file")) for name in SECRETS]
    given = [(variable, path) for variable, path in named if path is not None]
    seen = [one for variable, path in given for one in _file(variable, path)]
    return seen or ([fine(FILES, "nobody else can read them")] if given else [])


def _file(variable: str, path: Path) -> Iterator[Observation]:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        return  # /dev/null, a pipe: nothing is kept there
    if not path.read_bytes().strip():
        yield doubtful(FILES, f"the file of {variable} is empty, which counts as none", "write the secret into it")
    if mode & stat.S_IWOTH:
        yield wrong(FILES, f"anybody may change the file of {variable}", "take that right away: chmod o-w")
    elif mode & stat.S_IROTH and _is_open(path):
        remedy = "take that right away: chmod 600 it, or chmod 700 its folder"
        yield doubtful(FILES, f"every user of this machine can read the file of {variable}", remedy)


def _is_open(path: Path) -> bool:
    """Whether others get as far as the file: all its folders can be entered by anybody."""
    real = Path(os.path.realpath(path))
    return not real.is_relative_to(MOUNTED) and all(one.stat().st_mode & stat.S_IXOTH for one in real.parents)
