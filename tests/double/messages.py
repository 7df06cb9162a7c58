"""The chats, and the methods that send to them, edit in them and ask about them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from tests.double.content import Contents
from tests.double.files import Files
from tests.double.limits import FloodControl
from tests.double.table import RefusedError
from tests.double.world import Chat, Person, Sent

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


class EditsInline(Protocol):
    """Edits a message that was sent by inline or guest mode."""

    def __call__(self, inline_message_id: str, sent: Sent) -> None: ...


class Messages:
    """What the bot sends and edits; `edit_inline` takes what has no chat."""

    def __init__(self, contents: Contents, files: Files, edit_inline: EditsInline) -> None:
        self.chats: dict[int, Chat] = {}
        self.people: dict[int, Person] = {}
        self.flood_control: FloodControl | None = None
        self._contents = contents
        self._files = files
        self._edit_inline = edit_inline

    @property
    def methods(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
        return {
            "sendMessage": self._send_message,
            "sendRichMessage": self._send_rich,
            "sendPhoto": self._send_photo,
            "sendDocument": self._send_document,
            "sendChatAction": self._send_action,
            "editMessageText": self._edit,
            "getChatMember": self._member,
        }

    def known(self, parameters: dict[str, Any]) -> Chat:
        """The chat of a call; RefusedError where the bot may not write there."""
        chat = self.chats.get(parameters.get("chat_id", 0))
        if chat is None:
            raise RefusedError("Bad Request: chat not found")
        if chat.successor is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusedError(text, 400, {"migrate_to_chat_id": chat.successor})
        if chat.blocked:
            why = "blocked by the user" if chat.id > 0 else "kicked from the supergroup chat"
            raise RefusedError(f"Forbidden: bot was {why}", 403)
        if (thread := parameters.get("message_thread_id")) is not None and thread not in chat.threads:
            raise RefusedError("Bad Request: message thread not found")
        return chat

    async def _send_message(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._keep_new(self.known(parameters), self._contents.text(parameters))

    async def _send_rich(self, parameters: dict[str, Any]) -> dict[str, Any]:
        sent = self._contents.rich(parameters)
        return self._keep_new(self.known(parameters), sent)

    async def _send_photo(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat, photo = self.known(parameters), self._files.read("photo", parameters["photo"])
        if not chat.allows_photos:
            raise RefusedError("Bad Request: not enough rights to send photos to the chat")
        return self._keep_new(chat, self._contents.captioned(photo, parameters))

    async def _send_document(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat, document = self.known(parameters), self._files.read("document", parameters["document"])
        return self._keep_new(chat, self._contents.captioned(document, parameters))

    async def _send_action(self, parameters: dict[str, Any]) -> bool:
        chat = self.known(parameters)
        if parameters["action"] not in _ACTIONS:
            raise RefusedError("Bad Request: wrong parameter action in request")
        chat.actions.append(parameters["action"])
        return True

    async def _edit(self, parameters: dict[str, Any]) -> dict[str, Any] | bool:
        if "inline_message_id" in parameters:
            self._edit_inline(parameters["inline_message_id"], self._contents.text(parameters))
            return True
        chat = self.known(parameters)
        self._admit(chat)
        before = chat.messages.get(parameters.get("message_id", 0))
        if before is None:
            raise RefusedError("Bad Request: message to edit not found")
        sent = changed(before, self._contents.text(parameters))
        chat.keep(sent)
        return chat.as_json(sent)

    async def _member(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat = self.known(parameters)
        if (person := self.people.get(parameters["user_id"])) is None:
            raise RefusedError("Bad Request: user not found")
        return chat.member(person)

    def _admit(self, chat: Chat) -> None:
        if self.flood_control is not None:
            self.flood_control.admit(chat.id)

    def _keep_new(self, chat: Chat, sent: Sent) -> dict[str, Any]:
        self._admit(chat)
        sent = replace(sent, chat=chat.id, message_id=chat.next_id())
        chat.keep(sent)
        return chat.as_json(sent)


def changed(before: Sent, after: Sent) -> Sent:
    """A message as an edit leaves it; RefusedError where the edit changes nothing, or there is no text to edit."""
    if before.photo is not None or before.document is not None:
        raise RefusedError("Bad Request: there is no text in the message to edit")
    if (after.text, after.entities, after.rows, after.rich) == (before.text, before.entities, before.rows, before.rich):
        raise RefusedError(NOT_MODIFIED)
    about = {"chat": before.chat, "message_id": before.message_id, "inline_message_id": before.inline_message_id}
    return replace(after, edited=True, **about)  # type: ignore[arg-type]
