"""Turns the file that goes with a reply into a link: a page sends no messages of its own."""

from dataclasses import replace

from bot.core.messages import Button, Incoming, Reply
from bot.core.ports import Answer


def linking_documents(answer: Answer) -> Answer:
    """The same answers, with a first button that leads to the reply's document where there is one."""

    async def answered(incoming: Incoming) -> Reply:
        reply = await answer(incoming)
        if reply.document is None:
            return reply
        link = Button(reply.document.title, url=reply.document.path)
        return replace(reply, buttons=(link, *reply.buttons))

    return answered
