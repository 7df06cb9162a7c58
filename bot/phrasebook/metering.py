"""Compiles templates so that each loop, comparison, filter and list is paid for from the meter of its rendering."""

from typing import Final

from jinja2 import TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

# No template can name these: the space is no part of a name.
TURNS: Final = "turns paid"
WEIGHED: Final = "weight paid"
SHOWN: Final = "letters paid"
WORDING: Final = frozenset({"capitalize", "e", "escape", "lower", "safe", "striptags", "upper"})  # of anything


class MeteredGenerator(CodeGenerator):
    """Jinja's own generator, of a tree in which the filters that count were put in."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
        Metering(self.name, self.filename).visit(node)
        super().visit_Template(node, frame)


class Metering(NodeTransformer):
    """Puts a filter that counts before whatever takes long with much. Raises TemplateAssertionError for a loop that
    calls itself: its inner turns could not be counted."""

    def __init__(self, name: str | None, filename: str | None) -> None:
        self._name, self._filename = name, filename

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.recursive:
            raise TemplateAssertionError("a loop cannot be recursive", node.lineno, self._name, self._filename)
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, TURNS, [], [], None, None, lineno=node.lineno, environment=node.environment)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        _pay_for_values(node, SHOWN if node.name in WORDING else WEIGHED)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name not in {"defined", "undefined"}:
            _pay_for_values(node)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _paid(node.expr, WEIGHED)
        for operand in node.ops:
            operand.expr = _paid(operand.expr, WEIGHED)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _paid(node.node, WEIGHED)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_paid(part, SHOWN) for part in node.nodes]
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _paid(node, WEIGHED) if node.items else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _paid(node, WEIGHED) if node.items else node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _paid(node, WEIGHED) if node.ctx == "load" else node


def _pay_for_values(node: nodes.Filter | nodes.Test, by: str = WEIGHED) -> None:
    if node.node is not None:
        node.node = _paid(node.node, by)
    node.args = [_paid(one, WEIGHED) for one in node.args]
    for pair in node.kwargs:
        pair.value = _paid(pair.value, WEIGHED)


def _paid(value: nodes.Expr, by: str) -> nodes.Expr:
    if isinstance(value, nodes.Const) or (isinstance(value, nodes.Filter) and value.name == by):
        return value
    return nodes.Filter(value, by, [], [], None, None, lineno=value.lineno, environment=value.environment)
