"""What a message holds, whichever way it is sent: classic text, a rich message, a file with a caption."""

from dataclasses import replace
from typing import Any

from tests.double.files import KeptFile
from tests.double.rich_html import RichMessage, read_rich
from tests.double.rules import MESSAGE_ENTITIES, read_caption, read_keyboard, read_text
from tests.double.table import RefusedError
from tests.double.world import Sent


class Contents:
    """Checks contents and makes messages of them, without a chat or an id yet."""

    def __init__(self, *, takes_rich: bool) -> None:
        self.takes_rich = takes_rich
        self.ignored_entities = 0

    def text(self, parameters: dict[str, Any]) -> Sent:
        """A classic or a rich message, whichever the parameters are for."""
        if "rich_message" in parameters and self.takes_rich:
            if "text" in parameters:
                raise RefusedError("Bad Request: text and rich_message can't be used together")
            return self.rich(parameters)
        if "rich_message" in parameters:  # an old server does not know the parameter, and misses the text
            raise RefusedError("Bad Request: message text is empty", fault="old server")
        parsed, rows = read_text(parameters), read_keyboard(parameters.get("reply_markup"))
        self.ignored_entities += max(0, len(parsed.entities) - MESSAGE_ENTITIES)
        kept = tuple(parsed.entities[:MESSAGE_ENTITIES])
        return Sent(0, 0, parsed.text, parameters["text"], kept, rows, parameters=parameters)

    def rich(self, parameters: dict[str, Any]) -> Sent:
        """A rich message; an old server knows none."""
        if not self.takes_rich:
            raise RefusedError("Not Found", 404, fault="old server")
        given = parameters["rich_message"]
        message: RichMessage = read_rich(given)
        rows = read_keyboard(parameters.get("reply_markup"))
        return Sent(0, 0, message.text, given["html"], (), rows, rich=message.as_json(), parameters=parameters)

    def captioned(self, file: KeptFile, parameters: dict[str, Any]) -> Sent:
        """A photo or a document."""
        rows, caption = read_keyboard(parameters.get("reply_markup")), read_caption(parameters)
        html, kept = parameters.get("caption", ""), tuple(caption.entities[:MESSAGE_ENTITIES])
        sent = Sent(0, 0, caption.text, html, kept, rows, parameters=parameters)
        return replace(sent, photo=file) if file.kind == "photo" else replace(sent, document=file.upload, file=file)
