"""Keeps every button of a page to the web: a link that would run or show something else is left out."""

import re
from dataclasses import replace

from bot.core.messages import Button, Incoming, Reply
from bot.core.ports import Answer

LINK = re.compile(r"(https?://|/(?![/\\]))[^\s\\]*", re.IGNORECASE)


def keeping_to_the_web(answer: Answer) -> Answer:
    """The same answers; of buttons with an address those alone that lead to the web, or to a path of this server."""

    async def answered(incoming: Incoming) -> Reply:
        reply = await answer(incoming)
        if all(map(_is_sound, reply.buttons)):
            return reply
        return replace(reply, buttons=tuple(filter(_is_sound, reply.buttons)))

    return answered


def _is_sound(button: Button) -> bool:
    return button.url is None or LINK.fullmatch(button.url) is not None
