"""Files of a pack and of the responses as a stranger may send them: real ones, and those of a small sound pack, bent in
a few places or torn."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from bot.factbase.yaml_tree import read_tree
from tests.faults.bending import bent_json, torn
from tests.unit.conftest import FILES as SMALL_PACK

ROOT = Path(__file__).resolve().parents[2]
PACK, RESPONSES = ROOT / "facts" / "dallas-287g", ROOT / "responses"
PACK_FILES = (
    "topic", "sources", "people", "organisations", "statements", "events", "terms", "decisions", "figures", "howtos",
    "help", "elsewhere", "questions/en",
)  # fmt: skip
OTHER_FILES = ("intents", "phrases", "gates")
AROUND = ("[%s]", '{"en": %s}', '{"text": %s}', "{? %s : x}")
MOST_ENTRIES = 3
WORD = re.compile(r"[^\W\d_]{3,}")
WORDS = (
    "bridge",
    "Año",
    "a longer word",
    "“so”",
    "12",
    "x",
    "paper",
    "null",
    "",
    "<b>",
    "\u202e",
    "*x",
    "a: b",
    "x" * 800,
)
LINES = (
    "<<: *all", "&all [*all]", "- !!python/object/apply:os.system [id]", "!!binary aGk=", "- - - - - - - - - - - - - x",
    "%YAML 9.9", "---", "...", "? [a]", "\t- x", "a: |99", "a: >", "'", '"\\x00"', "{" * 40, "[" * 40, "~", "# \u2028",
)  # fmt: skip


@cache
def _data(name: str) -> Any:
    path = (PACK if name in PACK_FILES else RESPONSES) / f"{name}.yaml"
    return read_tree(path, name).data


@cache
def _text(name: str) -> str:
    return ((PACK if name in PACK_FILES else RESPONSES) / f"{name}.yaml").read_text("utf-8")


@cache
def _small_data(name: str) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(SMALL_PACK[name], "utf-8")
        return read_tree(path, name).data


@st.composite
def files(draw: st.DrawFn, names: tuple[str, ...] = (*PACK_FILES, *OTHER_FILES)) -> tuple[str, bytes]:
    """The name of a file, without its ending, and what is in it."""
    name = draw(st.sampled_from(names))
    if draw(st.integers(0, 3)):
        body = draw(bent_json(_few(draw, _data(name)), AROUND)).encode("utf-8", "surrogatepass")
    else:
        body = _lines(draw, _text(name)).encode()
    return name, draw(torn(body))


@st.composite
def small_files(draw: st.DrawFn) -> tuple[str, bytes]:
    """The name of a file of the small sound pack, without its ending, and what is in it: bent little, so that some stay
    without findings."""
    name = draw(st.sampled_from(sorted(SMALL_PACK)))
    way = draw(st.integers(0, 4))
    if way == 0:
        body = draw(bent_json(_small_data(name), AROUND, most=2))
    elif way == 1:
        body = _lines(draw, SMALL_PACK[name])
    else:
        word = draw(st.sampled_from(list(WORD.finditer(SMALL_PACK[name]))))
        body = SMALL_PACK[name][: word.start()] + draw(st.sampled_from(WORDS)) + SMALL_PACK[name][word.end() :]
    return name.removesuffix(".yaml"), draw(torn(body.encode("utf-8", "surrogatepass")))


def _few(draw: st.DrawFn, data: Any) -> Any:
    """A few entries of a long list, so that what is bent stands among little; of lists within, too."""
    if isinstance(data, list):
        at = draw(st.integers(0, max(0, len(data) - MOST_ENTRIES)))
        return data[at : at + MOST_ENTRIES]
    if isinstance(data, Mapping) and len(json.dumps(data)) > 20_000:
        return {key: _few(draw, value) for key, value in data.items()}
    return data


def _lines(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines()
    start = draw(st.integers(0, len(lines)))
    some = lines[start : start + draw(st.integers(1, 60))]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(some)))
        indent = " " * draw(st.integers(0, 6))
        some[at : at + draw(st.integers(0, 2))] = [
            indent + draw(st.one_of(st.sampled_from(LINES), st.text(max_size=20)))
        ]
    return "\n".join(some)
