"""Reads the semantic HTML subset of answers into a small tree, and refuses whatever lies outside it."""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import TypeAlias
from urllib.parse import urlsplit

BLOCKS = frozenset({"h3", "p", "ul", "ol", "blockquote", "details", "table"})
INLINE = frozenset({"b", "i", "sup", "a", "time"})
PARAGRAPHS = frozenset({"p", "h3", "summary", "th", "td"})  # these hold words and inline elements only

_CONTENTS = {
    "": BLOCKS,
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "li": frozenset({"p", "ul", "ol", "blockquote"}) | INLINE,
    "blockquote": frozenset({"p"}) | INLINE,
    "details": frozenset({"summary"}) | BLOCKS - {"details"},
    "table": frozenset({"tr"}),
    "tr": frozenset({"th", "td"}),
}
_WORDS_IN = PARAGRAPHS | INLINE | {"li", "blockquote"}
_TAGS = BLOCKS | INLINE | {"li", "summary", "tr", "th", "td"}
_ATTRIBUTES = {"a": {"href"}, "time": {"datetime"}, "p": {"lang"}, "i": {"lang"}, "blockquote": {"lang"}}
_REQUIRED = {"a": "href", "time": "datetime"}
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_VALUES = {
    "class": re.compile(r"[a-z][a-z0-9 -]*"),
    "datetime": re.compile(r"[0-9][0-9T:+\-.Z]*"),
    "lang": re.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*"),
}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of the subset. Words stand in `children` as plain unescaped text with white space folded;
    words that stand loose in `li` or `blockquote` are wrapped in a `p`."""

    tag: str
    children: "tuple[Node, ...]" = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def attribute(self, name: str) -> str:
        """The value of an attribute; empty where it is absent."""
        return dict(self.attributes).get(name, "")

    def elements(self) -> "tuple[Element, ...]":
        """The children that are elements."""
        return tuple(child for child in self.children if isinstance(child, Element))

    @property
    def words(self) -> str:
        """All text inside, without any mark."""
        return "".join(child if isinstance(child, str) else child.words for child in self.children)


Node: TypeAlias = Element | str


def parse(html: str) -> tuple[Element, ...]:
    """The blocks of an answer, in order.

    Raises ValueError, with the line and column, for a tag, an attribute, a link or a nesting outside the subset,
    for an unescaped `<`, and for an element that is not closed.
    """
    reader = _Reader()
    reader.feed(_SURROGATE.sub("�", html))
    reader.close()
    return reader.finish()


@dataclass(slots=True)
class _Open:
    """An element whose end has not been read yet."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: list[Node]


class _Reader(HTMLParser):
    """Builds the tree; entities are resolved here, so that a raw `<` in the source can be told from an escaped one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._open = [_Open("", (), [])]

    def finish(self) -> tuple[Element, ...]:
        if len(self._open) > 1:
            raise self._fault(f"<{self._open[-1].tag}> is never closed")
        return tuple(node for node in _settled("", self._open[0].children) if isinstance(node, Element))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise self._fault(f"<{tag}> is not in the subset")
        parent = self._open[-1]
        if tag not in _CONTENTS.get(parent.tag, INLINE):
            raise self._fault(f"<{tag}> may not stand {_inside(parent.tag)}")
        if tag == "a" and any(element.tag == "a" for element in self._open):
            raise self._fault("a link may not stand in a link")
        if tag == "summary" and any(isinstance(child, Element) for child in parent.children):
            raise self._fault("<summary> comes first and once")
        if parent.tag == "details" and tag != "summary" and not parent.children:
            raise self._fault("<details> begins with a <summary>")
        self._open.append(_Open(tag, self._checked(tag, attrs), []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        raise self._fault(f"<{tag}/> closes itself: write both tags")

    def handle_endtag(self, tag: str) -> None:
        element = self._open[-1]
        if tag != element.tag or len(self._open) == 1:
            raise self._fault(f"</{tag}> closes nothing {_inside(element.tag)}")
        if tag == "details" and not element.children:
            raise self._fault("<details> begins with a <summary>")
        self._open.pop()
        done = Element(tag, tuple(_settled(tag, element.children)), element.attributes)
        self._open[-1].children.append(done)

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise self._fault("a < that opens no tag is written &lt;")
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        text = unescape(f"&{name};")
        if text.startswith("&") and text != "&":
            raise self._fault(f"&{name}; is not a known entity")
        self._add(text)

    def handle_charref(self, name: str) -> None:
        self._add(unescape(f"&#{name};"))

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        raise self._fault("comments are not in the subset")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002
        raise self._fault("declarations are not in the subset")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        raise self._fault("declarations are not in the subset")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        raise self._fault("processing instructions are not in the subset")

    def _add(self, text: str) -> None:
        parent = self._open[-1]
        if parent.tag in _WORDS_IN:
            parent.children.append(_UNWRITABLE.sub("", text))
        elif _SPACE.sub("", text):
            raise self._fault(f"words may not stand loose {_inside(parent.tag)}")

    def _checked(self, tag: str, attrs: list[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
        allowed = _ATTRIBUTES.get(tag, set()) | (set() if tag in INLINE else {"class"})
        names = [name for name, _ in attrs]
        for name, value in attrs:
            if name not in allowed or names.count(name) > 1:
                raise self._fault(f"{name} is no attribute of <{tag}>, or stands twice")
            if not _is_valid(name, value or ""):
                raise self._fault(f"{name} of <{tag}> has a value outside the subset")
        if (needed := _REQUIRED.get(tag)) and needed not in names:
            raise self._fault(f"<{tag}> needs {needed}")
        return tuple((name, value or "") for name, value in attrs)

    def _fault(self, what: str) -> ValueError:
        line, column = self.getpos()
        return ValueError(f"line {line}, column {column + 1}: {what}")


def _inside(tag: str) -> str:
    return f"in <{tag}>" if tag else "at the top"


def _is_valid(name: str, value: str) -> bool:
    if name != "href":
        return bool(_VALUES[name].fullmatch(value))
    if re.search(r"[\s\x00-\x1f\x7f-\x9f]", value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.netloc) if parts.scheme in ("http", "https") else parts.scheme == "tel" and bool(parts.path)


def _settled(tag: str, children: list[Node]) -> list[Node]:
    """Children with white space folded as a browser does, and loose words of a container wrapped in `p`."""
    if tag in INLINE:
        return children  # folded with the paragraph that holds it
    if tag in PARAGRAPHS:
        return _folded(children)
    settled: list[Node] = []
    run: list[Node] = []
    for child in [*children, None]:
        if child is not None and (isinstance(child, str) or child.tag in INLINE):
            run.append(child)
            continue
        if words := _folded(run):
            settled.append(Element("p", tuple(words)))
        run = []
        if child is not None:
            settled.append(child)
    return settled


def _folded(nodes: list[Node]) -> list[Node]:
    """Inline nodes with every run of white space as one space, none at either end, and no empty node."""
    return _trim(_fold(nodes, spaced=True)[0])[0]


def _fold(nodes: "list[Node] | tuple[Node, ...]", *, spaced: bool) -> tuple[list[Node], bool]:
    """Folds from the left; `spaced` says whether a space, or the start, stands just before."""
    folded: list[Node] = []
    for node in nodes:
        if isinstance(node, str):
            text = _SPACE.sub(" ", node)
            text = text.removeprefix(" ") if spaced else text
            spaced = text.endswith(" ") if text else spaced
            if text and folded and isinstance(folded[-1], str):
                folded[-1] += text
            elif text:
                folded.append(text)
        else:
            inner, spaced = _fold(node.children, spaced=spaced)
            folded.append(Element(node.tag, tuple(inner), node.attributes))
    return [node for node in folded if isinstance(node, str) or node.words], spaced


def _trim(nodes: "list[Node] | tuple[Node, ...]") -> tuple[list[Node], bool]:
    """Takes the space off the right end; the second value says whether words were met."""
    trimmed: list[Node] = []
    met = False
    for node in reversed(nodes):
        if isinstance(node, str):
            text = node if met else node.rstrip(" ")
            met = met or bool(text)
            if text:
                trimmed.append(text)
        elif met:
            trimmed.append(node)
        else:
            inner, met = _trim(node.children)
            if inner:
                trimmed.append(Element(node.tag, tuple(inner), node.attributes))
    return trimmed[::-1], met
