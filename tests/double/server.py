"""A Bot API on loopback: real HTTP, long polling, faults on demand, and a record of every call."""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.double.http import Dropped, Fault, QuietServer, listen, read_parameters, refusal
from tests.double.limits import FloodControl, Limits
from tests.double.rules import MESSAGE_ENTITIES, check_commands, read_caption, read_keyboard, read_text
from tests.double.table import RefusedError, Table, Upload
from tests.double.updates import News, Updates
from tests.double.world import Chat, Person, Sent

TOKEN = "123456789:AAdouble-of-the-Bot-API-for-tests_00"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made and answered; `fault` where the answer had been ordered by the test."""

    method: str
    parameters: dict[str, Any]
    status: int
    description: str = ""
    fault: str = ""
    at: float = field(default_factory=monotonic)  # monotonic seconds


class BotApiDouble:
    """Stands in for Telegram: `async with BotApiDouble() as double`, then a bot with `double.url` and `double.token`.

    `refused` holds every call that breaks the Bot API's rules; a good bot makes none. Ordered faults, conflicts of two
    pollers, flood control, groups that moved and chats that blocked the bot are no such calls: they stand in `calls`
    only.
    """

    def __init__(self, token: str = TOKEN, username: str = "FactsBot", port: int = 0) -> None:
        self.token = token
        self.me = Person(int(token.partition(":")[0]), "Facts", None, is_bot=True)
        self.username = username
        self.calls: list[Call] = []
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.ignored_entities = 0
        self.chats: dict[int, Chat] = {}
        self.people: dict[int, Person] = {}
        self.flood_control: FloodControl | None = None
        self._table = Table()
        self._port = port
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._news = News()
        self._updates = Updates(self._news)
        self._people = 1000
        self._queries: set[str] = set()
        self._closing = asyncio.Event()

    # Life

    async def __aenter__(self) -> Self:
        self._socket = listen(self._port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = Starlette(routes=[Route("/bot{token}/{method}", self._serve, methods=["GET", "POST"])])
        config = uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", ws="none", access_log=False)
        self._server = QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self  # the socket listens already, so a client may connect at once

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._updates.closed = True
        self._news.tell()
        self._server.end()
        await self._serving
        self._socket.close()

    # What a test does

    def private(self, person: Person | None = None, lang: str | None = "en") -> Chat:
        """A person's chat with the bot; each call another person, unless one is given."""
        person = person or self.person(lang)
        self.people[person.id] = person
        return self._chat({"id": person.id, "type": "private", "first_name": person.first_name}, person)

    def group(self, person: Person | None = None, **more: Any) -> Chat:
        """A group in which the bot is."""
        self._people += 1
        about = {"id": -1_000_000_000_000 - self._people, "type": "supergroup", "title": "Neighbours", **more}
        return self._chat(about, person or self.person())

    def person(self, lang: str | None = "en", *, is_bot: bool = False) -> Person:
        """Another person, whose app is set to this language."""
        self._people += 1
        person = Person(500_000 + self._people, "Ana", lang, is_bot)
        self.people[person.id] = person
        return person

    def upgrade(self, group: Chat) -> Chat:
        """Makes a group a supergroup: it goes on under another id, of which both are told."""
        successor = self.group(group.person)
        group.move_to(successor)
        return successor

    def limit(self, limits: Limits | None = None) -> FloodControl:
        """Switches Telegram's flood control on."""
        self.flood_control = FloodControl(limits or Limits())
        return self.flood_control

    def push(self, kind: str, content: dict[str, Any]) -> None:
        """Makes an update of any kind; kinds that the bot does not ask for never reach it."""
        if kind == "callback_query":
            self._queries.add(content["id"])
        self._updates.push(kind, content)

    def fail(
        self, method: str, status: int = 502, *, times: int = 1, retry_after: float = 0.0, carried_out: bool = False
    ) -> None:
        """The next calls of a method are answered with this status; 429 with `retry_after` in seconds."""
        self._faults[method] += [Fault("answer", status, retry_after, carried_out)] * times

    def hang(self, method: str, seconds: float = 60.0, *, times: int = 1, carried_out: bool = False) -> None:
        """The next calls of a method get no answer for so long."""
        self._faults[method] += [Fault("hang", 0, seconds, carried_out)] * times

    def drop(self, method: str, *, times: int = 1, carried_out: bool = False) -> None:
        """The connection of the next calls of a method is lost."""
        self._faults[method] += [Fault("drop", carried_out=carried_out)] * times

    def called(self, method: str) -> list[Call]:
        """All calls of a method so far, in order."""
        return [call for call in self.calls if call.method == method]

    @property
    def conflicts(self) -> int:
        """How often a poll was ended by another one."""
        return self._updates.conflicts

    @property
    def refused(self) -> list[Call]:
        """The calls that break the Bot API's rules."""
        return [call for call in self.calls if call.status in (400, 401, 404) and not call.fault]

    @property
    def unanswered_presses(self) -> set[str]:
        """Ids of the presses that no answerCallbackQuery has ended."""
        return set(self._queries)

    async def until(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Waits until something holds, looking after every call; TimeoutError where it never does."""
        await self._news.until(condition, seconds)

    # HTTP

    async def _serve(self, request: Request) -> Response:
        method = request.path_params["method"]
        parameters = await read_parameters(request)
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault is not None and not fault.carried_out:
            return await self._misbehave(fault, method, parameters)
        answer = await self._answer(request, method, parameters, fault)
        return await self._misbehave(fault, method, None) if fault else answer

    async def _answer(self, request: Request, method: str, given: Any, fault: Fault | None) -> Response:
        try:
            if request.path_params["token"] != self.token:
                raise RefusedError("Unauthorized", 401)
            if not isinstance(given, dict):
                raise RefusedError("Bad Request: can't parse the request's body")
            parameters = self._table.checked(method, given)
            result = await getattr(self, f"_do_{method}")(parameters, request)
        except RefusedError as error:
            self._note(Call(method, given, error.status, error.description, "limit" if error.parameters else ""))
            return refusal(error.status, error.description, error.parameters)
        self._note(Call(method, parameters, 200, fault=fault.kind if fault else ""))
        return JSONResponse({"ok": True, "result": result})

    async def _misbehave(self, fault: Fault, method: str, parameters: dict[str, Any] | None) -> Response:
        if parameters is not None:
            self._note(Call(method, parameters, fault.status, fault=fault.kind))
        if fault.kind == "drop":
            return Dropped()
        if fault.kind == "hang":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), fault.seconds)
        retry = {"retry_after": fault.seconds} if fault.status == 429 else None
        return refusal(fault.status or 504, "an ordered fault", retry)

    def _note(self, call: Call) -> None:
        self.calls.append(call)
        self._news.tell()

    # Methods

    async def _do_getMe(self, _parameters: dict[str, Any], _request: Request) -> dict[str, Any]:  # noqa: N802
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return self.me.as_json() | {"username": self.username} | abilities

    async def _do_deleteWebhook(self, _parameters: dict[str, Any], _request: Request) -> bool:  # noqa: N802
        return True

    async def _do_setMyCommands(self, parameters: dict[str, Any], _request: Request) -> bool:  # noqa: N802
        check_commands(parameters)
        self.menus[parameters.get("language_code", "")] = parameters["commands"]
        return True

    async def _do_answerCallbackQuery(self, parameters: dict[str, Any], _request: Request) -> bool:  # noqa: N802
        if parameters["callback_query_id"] not in self._queries:
            text = "query is too old and response timeout expired or query ID is invalid"
            raise RefusedError(f"Bad Request: {text}")
        self._queries.discard(parameters["callback_query_id"])
        return True

    async def _do_sendMessage(self, parameters: dict[str, Any], _request: Request) -> dict[str, Any]:  # noqa: N802
        chat = self._known(parameters)
        return self._keep_new(chat, self._sent(chat, 0, parameters))

    async def _do_sendDocument(self, parameters: dict[str, Any], _request: Request) -> dict[str, Any]:  # noqa: N802
        chat, document = self._known(parameters), parameters["document"]
        if not isinstance(document, Upload):
            raise RefusedError("Bad Request: wrong file identifier/HTTP URL specified")
        if not document.content:
            raise RefusedError("Bad Request: file must be non-empty")
        rows, caption = read_keyboard(parameters.get("reply_markup")), read_caption(parameters)
        sent = Sent(chat.id, 0, caption.text, "", tuple(caption.entities), rows, document=document)
        return self._keep_new(chat, replace(sent, parameters=parameters))

    async def _do_getChatMember(self, parameters: dict[str, Any], _request: Request) -> dict[str, Any]:  # noqa: N802
        chat = self._known(parameters)
        if (person := self.people.get(parameters["user_id"])) is None:
            raise RefusedError("Bad Request: user not found")
        return chat.member(person)

    async def _do_editMessageText(self, parameters: dict[str, Any], _request: Request) -> dict[str, Any]:  # noqa: N802
        chat = self._known(parameters)
        self._admit(chat)
        before = chat.messages.get(parameters.get("message_id", 0))
        if before is None:
            raise RefusedError("Bad Request: message to edit not found")
        sent = replace(self._sent(chat, before.message_id, parameters), edited=True)
        if (sent.text, sent.entities, sent.rows) == (before.text, before.entities, before.rows):
            raise RefusedError(
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message"
            )
        chat.keep(sent)
        return chat.as_json(sent)

    async def _do_getUpdates(self, parameters: dict[str, Any], request: Request) -> list[dict[str, Any]]:  # noqa: N802
        return await self._updates.get(parameters, request)

    def _chat(self, about: dict[str, Any], person: Person) -> Chat:
        if about["id"] not in self.chats:
            self.chats[about["id"]] = Chat(self.push, self.me, about, person)
        return self.chats[about["id"]]

    def _known(self, parameters: dict[str, Any]) -> Chat:
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

    def _admit(self, chat: Chat) -> None:
        if self.flood_control is not None:
            self.flood_control.admit(chat.id)

    def _keep_new(self, chat: Chat, sent: Sent) -> dict[str, Any]:
        self._admit(chat)
        sent = replace(sent, message_id=chat.next_id())
        chat.keep(sent)
        return chat.as_json(sent)

    def _sent(self, chat: Chat, number: int, parameters: dict[str, Any]) -> Sent:
        parsed, rows = read_text(parameters), read_keyboard(parameters.get("reply_markup"))
        self.ignored_entities += max(0, len(parsed.entities) - MESSAGE_ENTITIES)
        kept = tuple(parsed.entities[:MESSAGE_ENTITIES])
        return Sent(chat.id, number, parsed.text, parameters["text"], kept, rows, parameters=parameters)
