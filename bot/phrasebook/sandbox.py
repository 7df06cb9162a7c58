"""The sandbox that templates run in: few names, no way out to the program, and a bounded amount of work."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from babel.support import NullTranslations
from jinja2 import BaseLoader, StrictUndefined, Template, TemplateRuntimeError, pass_context, pass_eval_context
from jinja2.environment import TemplateModule
from jinja2.filters import FILTERS as ALL_FILTERS
from jinja2.filters import do_join, do_trim
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.tests import TESTS as ALL_TESTS
from jinja2.utils import Namespace
from markupsafe import Markup

from bot.factbase.snapshot import Snapshot
from bot.phrasebook.access import is_allowed
from bot.phrasebook.fuel import MOST_TURNS, Meter, OutOfFuelError, shown
from bot.phrasebook.metering import SHOWN, TURNS, WEIGHED, WORDING, MeteredGenerator

FILTERS: Final = (
    "abs", "capitalize", "d", "default", "e", "escape", "first", "int", "last", "length", "list", "lower", "map",
    "reject", "rejectattr", "reverse", "safe", "select", "selectattr", "sort", "striptags", "trim", "unique", "upper",
)  # fmt: skip
TESTS: Final = (
    "defined", "undefined", "none", "sameas", "string", "number", "mapping", "iterable", "sequence", "boolean", "true",
    "false", "even", "odd", "in", "equalto", "eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">=",
)  # fmt: skip
GETTEXT: Final = ("gettext", "ngettext", "pgettext", "npgettext")
FINEST: Final = 6  # digits behind the point
LARGEST: Final = 10**12  # of numbers that are reckoned with
LOOK: Final = 50  # steps of a question to the facts, which goes through all of a kind
PLACE: Final = re.compile(r"%(?:%|\((\w+)\)s)")
WRONG_PLACE: Final = re.compile(r"%(?!%|\(\w+\)s)")
Words = Callable[..., str]


class FreshTemplate(Template):
    """A template whose macros are made anew for each rendering: what one keeps in a namespace, no other finds."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002 - Jinja's names
        return self.make_module()


class Sandbox(SandboxedEnvironment):
    """Jinja with the filters, tests and functions that answers need and no others. `meter` says what the rendering in
    this thread has left; fill it before each."""

    code_generator_class = MeteredGenerator
    template_class = FreshTemplate
    intercepted_binops = frozenset({"+", "*", "**", "%", "/", "//", "-"})

    def __init__(self, loader: BaseLoader, translations: NullTranslations) -> None:
        super().__init__(
            loader=loader, autoescape=True, undefined=StrictUndefined, auto_reload=False, finalize=shown,
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
            cache_size=-1,  # compiling is not counted: each template is, once at most
        )  # fmt: skip
        self.meter = Meter()
        self.concat = self.meter.joined  # type: ignore[assignment, method-assign, unused-ignore]
        self.policies["ext.i18n.trimmed"] = True
        self.newstyle_gettext = True
        self.filters = {name: ALL_FILTERS[name] for name in FILTERS} | self._own_filters()
        self.tests = {name: ALL_TESTS[name] for name in TESTS}
        words = {name: self._told(getattr(translations, name)) for name in GETTEXT}
        self.globals = {"range": self._range, "namespace": Namespace, "dict": dict, "_": words["gettext"], **words}

    def _own_filters(self) -> dict[str, Callable[..., Any]]:
        meter = self.meter

        @pass_context
        def weighed(_: Context, value: Any) -> Any:
            return meter.weigh(value)

        @pass_context
        def turns(_: Context, values: Iterable[Any]) -> Iterable[Any]:
            return meter.turns(values)

        @pass_context
        def letters(_: Context, value: Any) -> Any:
            return meter.weigh(shown(value))

        @pass_eval_context
        def join(context: EvalContext, values: Iterable[Any], between: str = "") -> str:
            parts = [meter.weigh(shown(value)) for value in values]
            meter.write(len(str(shown(between))) * len(parts))
            return do_join(context, parts, between)  # type: ignore[no-any-return]

        paying = {WEIGHED: weighed, TURNS: turns, SHOWN: letters}
        own: dict[str, Callable[..., Any]] = {
            "join": join,
            "replace": self._replaced,
            "round": _rounded,
            "trim": self._trimmed,
        }
        return {**paying, **own}

    def _replaced(self, text: Any, old: str, new: str) -> str:
        written = shown(text) if isinstance(text, str) else str(shown(text))
        self.meter.write(len(written) + written.count(old) * len(new))
        return written.replace(old, new)

    def _trimmed(self, text: Any, letters: str | None = None) -> str:
        self._pay_for_method(text, (letters,))
        return do_trim(shown(text), letters)

    def _pay_for_method(self, owner: Any, args: Iterable[Any]) -> None:
        """A method of words looks through them; `strip`, for each letter, through those that it is handed."""
        if isinstance(owner, str):
            self.meter.write(len(owner) * max([1, *(len(one) for one in args if isinstance(one, str))]))
        elif isinstance(owner, Snapshot):
            self.meter.step(LOOK)

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        if len(numbers) > MOST_TURNS:
            raise OutOfFuelError(f"a range of more than {MOST_TURNS}")
        return numbers

    def _told(self, translate: Words) -> Words:
        """A function of gettext: the translation, as markup, with `%(name)s` replaced by the values."""

        def told(*message: Any, **values: Any) -> Markup:
            if message and isinstance(message[-1], int):
                values.setdefault("num", message[-1])
            text = translate(*message)
            if WRONG_PLACE.search(text):
                raise TemplateRuntimeError(f"{text[:40]!r} has a % that is neither %% nor %(name)s")
            places = PLACE.findall(text)
            self.meter.write(len(text) + sum(len(str(shown(values[name]))) for name in places if name))
            return Markup(text) % values  # noqa: S704 - a template's own words

        return told

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's names
        """Raises OutOfFuelError where calls are too many or too deep."""
        meter = __self.meter
        meter.enter()
        try:
            meter.step(len(args) + len(kwargs))
            if isinstance(__obj, Macro):
                return super().call(__context, __obj, *args, **kwargs)
            args = tuple(meter.handed(one) for one in args)
            kwargs = {name: meter.handed(one) for name, one in kwargs.items()}
            __self._pay_for_method(getattr(__obj, "__self__", None), args)
            return meter.weigh(super().call(__context, __obj, *args, **kwargs))
        finally:
            meter.leave()

    def call_filter(
        self, name: str, value: Any, args: Any = None, kwargs: Any = None, *more: Any, **context: Any
    ) -> Any:
        """What `map` applies to each value, which is weighed each time."""
        if name in WORDING:
            value = shown(value)
        return super().call_filter(name, *self._each_time(value, args, kwargs), *more, **context)

    def call_test(self, name: str, value: Any, args: Any = None, kwargs: Any = None, *more: Any, **context: Any) -> Any:
        """What `select` and its like ask of each value, which is weighed each time."""
        return super().call_test(name, *self._each_time(value, args, kwargs), *more, **context)

    def _each_time(self, value: Any, args: Any, kwargs: Any) -> tuple[Any, list[Any], dict[str, Any]]:
        weigh = self.meter.weigh
        self.meter.step()
        return (
            weigh(value),
            [weigh(one) for one in args or ()],
            {name: weigh(one) for name, one in (kwargs or {}).items()},
        )

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Sums of numbers and of words or lists; nothing that multiplies words or makes numbers of many digits."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            if operator == "**" or abs(left) > LARGEST or abs(right) > LARGEST:
                raise OutOfFuelError(f"{operator} with numbers that no answer needs")
        elif operator in {"*", "**", "%"}:
            raise TemplateRuntimeError(f"{operator} is for numbers alone; words are filled in by {{% trans %}}")
        else:
            self.meter.weigh(left)
            self.meter.weigh(right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> None:
        """No formatting: a width in it takes all memory."""

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As Jinja's; `sort` and its like ask each value for its attribute here, and copy what they get."""
        self.meter.weigh(argument)
        return self.meter.weigh(super().getitem(obj, argument))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, paid for."""
        self.meter.step()
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja's names
        return is_allowed(obj, attr)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002
        """Raises OutOfFuelError where templates call for one another without end."""
        self.meter.step()
        return super().get_template(name, parent, globals)

    def select_template(self, names: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002
        """As `get_template`."""
        self.meter.step()
        return super().select_template(names, parent, globals)


def _rounded(number: float, digits: int = 0) -> float:
    if not isinstance(digits, int) or abs(digits) > FINEST:
        raise TemplateRuntimeError(f"round takes up to {FINEST} digits")
    return round(number, digits)
