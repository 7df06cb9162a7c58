"""A conversation in the terminal: answers laid out, their buttons numbered, the last turn and the language kept."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.core.messages import Button, Incoming, Reply, Turn
from bot.core.ports import Answer
from bot.platforms.markup import Element, Node, parse
from bot.platforms.plaintext import bare_address

MEMORY = 600.0  # seconds for which the last turn is kept for a follow-up
QUIT = "/quit"

ReadLine = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class _State:
    """What is kept between two lines."""

    lang: str | None
    turn: Turn | None = None
    turn_at: float = 0.0
    buttons: tuple[Button, ...] = ()


async def chat(
    answer: Answer, *, lang: str | None, console: Console, read_line: ReadLine, elapsed: Callable[[], float] = monotonic
) -> None:
    """Answers line after line until `read_line` gives None or `/quit` is typed; begins with the answer `help`.

    A number presses the button of that number. `elapsed` gives seconds, for the ten minutes of the last turn.
    """
    state = await _turn(answer, _State(lang), Incoming(turn=Turn("help"), lang=lang), console, elapsed)
    while (line := await read_line()) is not None and line.strip() != QUIT:
        context = state.turn if elapsed() - state.turn_at <= MEMORY else None
        pressed = _pressed(line, state.buttons)
        if pressed is not None and pressed.url:
            console.print(Text(pressed.url, style="underline"))
            continue
        incoming = Incoming(text=line.strip().removeprefix("/"), lang=state.lang, context=context)
        if pressed is not None:
            incoming = replace(incoming, text="", turn=pressed.turn, lang=pressed.lang or state.lang)
        state = await _turn(answer, state, incoming, console, elapsed)


def render(html: str, *, links: bool) -> RenderableType:
    """An answer in the semantic subset for rich; with `links` addresses lie under their labels, else behind them."""
    parts: list[RenderableType] = []
    for block in parse(html):
        parts += [Text(), _block(block, links=links)] if parts else [_block(block, links=links)]
    return Group(*parts)


async def _turn(
    answer: Answer, state: _State, incoming: Incoming, console: Console, elapsed: Callable[[], float]
) -> _State:
    reply = await answer(incoming)
    console.print(render(reply.html, links=console.is_terminal))
    for number, button in enumerate(reply.buttons, start=1):
        console.print(Text.assemble((f"{number:>3} ", "bold cyan"), button.label))
    console.print()
    return _after(state, reply, elapsed())


def _after(state: _State, reply: Reply, now: float) -> _State:
    if reply.forget:
        return _State(None, buttons=reply.buttons)
    kept = replace(state, lang=reply.chosen_lang or state.lang, buttons=reply.buttons)
    return replace(kept, turn=reply.turn, turn_at=now) if reply.is_context else kept


def _pressed(line: str, buttons: Sequence[Button]) -> Button | None:
    typed = line.strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        return None
    return buttons[int(typed) - 1] if 1 <= int(typed) <= len(buttons) else None


def _block(block: Element, *, links: bool) -> RenderableType:
    match block.tag:
        case "ul" | "ol":
            return _list(block, links=links)
        case "blockquote":
            quoted = Group(*(_block(child, links=links) for child in block.elements()))
            return Padding(quoted, (0, 0, 0, 4), style="italic")
        case "details":
            summary, *rest = block.elements()
            inside = Group(*(_block(child, links=links) for child in rest))
            return Group(_words(summary.children, "bold", links=links), Padding(inside, (0, 0, 0, 2)))
        case "table":
            return _table(block, links=links)
        case _:
            small = bool({"notes", "notice"} & set(block.attribute("class").split()))
            return _words(block.children, "bold" if block.tag == "h3" else "dim" if small else "", links=links)


def _list(block: Element, *, links: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    for number, item in enumerate(block.elements(), start=1):
        mark = "•" if block.tag == "ul" else f"{number}."
        grid.add_row(Text(mark), Group(*(_block(child, links=links) for child in item.elements())))
    return grid


def _table(block: Element, *, links: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for row in block.elements():
        styles = [(cell, "bold" if cell.tag == "th" else "") for cell in row.elements()]
        grid.add_row(*(_words(cell.children, style, links=links) for cell, style in styles))
    return grid


def _words(nodes: Sequence[Node], style: str, *, links: bool) -> Text:
    text = Text(style=style)
    for node in nodes:
        if isinstance(node, str):
            text.append(node)
        elif node.tag == "a":
            text.append_text(_link(node, links=links))
        else:
            mark = {"b": "bold", "i": "italic", "sup": "dim"}.get(node.tag, "")
            text.append_text(_words(node.children, mark, links=links))
    return text


def _link(node: Element, *, links: bool) -> Text:
    href = node.attribute("href")
    if links and not href.startswith("tel:"):
        return _words(node.children, f"underline link {href}", links=links)
    words = _words(node.children, "", links=links)
    return words if bare_address(words.plain) == bare_address(href) else words.append(f" ({href.removeprefix('tel:')})")
