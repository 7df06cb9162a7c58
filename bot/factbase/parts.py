"""Walks through an entry and everything inside it, with the way to each part in its file."""

from collections.abc import Iterator

from pydantic import BaseModel, RootModel

from bot.factbase.yaml_tree import Steps


def parts_of(entry: BaseModel, steps: Steps = ()) -> Iterator[tuple[BaseModel, Steps]]:
    """The entry and all models inside it, outermost first, each with its steps from `steps` on. Texts are leaves."""
    yield entry, steps
    if isinstance(entry, RootModel):
        return
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if isinstance(value, BaseModel):
            yield from parts_of(value, (*steps, name))
        elif isinstance(value, tuple):
            for index, part in enumerate(value):
                if isinstance(part, BaseModel):
                    yield from parts_of(part, (*steps, name, index))
