"""Writes an answer as plain text that reads well anywhere: no mark, one line a thought, links spelled out."""

from collections.abc import Iterable

from bot.platforms.markup import Element, Node, parse

INDENT = "    "


def to_text(html: str) -> str:
    """An answer in the semantic subset as plain text, a blank line between blocks; ValueError outside the subset."""
    return "\n\n".join(text for block in parse(html) if (text := block_text(block)))


def block_text(block: Element) -> str:
    """One block as lines without an end."""
    match block.tag:
        case "ul" | "ol":
            return "\n".join(_items(block))
        case "blockquote":
            return _indented("\n".join(block_text(child) for child in block.elements()), INDENT)
        case "details" | "li":
            return "\n".join(text for child in block.elements() if (text := block_text(child)))
        case "table":
            return "\n".join(" — ".join(block_text(cell) for cell in row.elements()) for row in block.elements())
        case _:
            return inline_text(block.children)


def inline_text(nodes: Iterable[Node]) -> str:
    """Words of a paragraph; a link is its label with the address behind it, unless the label is the address."""
    return "".join(node if isinstance(node, str) else _marked(node) for node in nodes)


def bare_address(href: str) -> str:
    """What a reader would type of a link: without scheme, `www.` and a last slash."""
    bare = href.removeprefix("tel:").removeprefix("https://").removeprefix("http://")
    return bare.removeprefix("www.").removesuffix("/")


def _marked(element: Element) -> str:
    words = inline_text(element.children)
    if element.tag != "a" or bare_address(words) == bare_address(element.attribute("href")):
        return words
    return f"{words} ({element.attribute('href').removeprefix('tel:')})"


def _items(block: Element) -> Iterable[str]:
    for number, item in enumerate(block.elements(), start=1):
        mark = "• " if block.tag == "ul" else f"{number}. "
        yield mark + _indented(block_text(item), " " * len(mark)).lstrip(" ")


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else line for line in text.split("\n"))
