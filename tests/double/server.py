"""A Bot API on loopback: real HTTP, long polling and webhooks, faults on demand, and a record of every call."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.double.account import Account
from tests.double.content import Contents
from tests.double.delivery import WebhookRules
from tests.double.elsewhere import Elsewhere
from tests.double.files import Files
from tests.double.http import Dropped, Fault, QuietServer, listen, read_parameters, refusal
from tests.double.inline import InlineMode
from tests.double.limits import FloodControl, Limits
from tests.double.messages import Messages
from tests.double.record import Call, Record
from tests.double.table import RefusedError, Table
from tests.double.updates import News, Updates
from tests.double.webhook import Webhook
from tests.double.world import Chat, Person

TOKEN = "123456789:AAdouble-of-the-Bot-API-for-tests_00"


class BotApiDouble(Record):
    """Stands in for Telegram: `async with BotApiDouble() as double`, then a bot with `double.url` and `double.token`.

    `refused` holds every call that breaks the Bot API's rules; a good bot makes none. Ordered faults, conflicts of two
    pollers, flood control, groups that moved, chats that blocked the bot and what an old server does not know are no
    such calls: they stand in `calls` only. `rich` makes it a server that knows rich messages; `inline` and `guests` say
    what is switched on for the bot. `elsewhere` speaks for people in chats where the bot is not.
    """

    def __init__(
        self,
        token: str = TOKEN,
        username: str = "FactsBot",
        port: int = 0,
        *,
        webhooks: WebhookRules | None = None,
        rich: bool = False,
        inline: bool = True,
        guests: bool = True,
    ) -> None:
        super().__init__()
        self.token = token
        self.me = Person(int(token.partition(":")[0]), "Facts", None, is_bot=True)
        self.username = username
        self.contents = Contents(takes_rich=rich)
        self.files = Files()
        self._news = News()
        self._updates = Updates(self._news)
        self.inline = InlineMode(self.contents, self.files, is_on=inline, takes_guests=guests)
        self.messages = Messages(self.contents, self.files, self.inline.edit)
        abilities = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": inline,
            "supports_guest_queries": guests,
        }
        self.account = Account(self.me, username, abilities, self.messages.known)
        self.webhook = Webhook(webhooks or WebhookRules(), self._updates, self._news, self._carry_out)
        self.elsewhere = Elsewhere(self.inline, self._news, username, self.person, self.push)
        self._table = Table()
        self._port = port
        self._people = 1000
        self._closing = asyncio.Event()
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = (
            self.messages.methods | self.account.methods | self.webhook.methods | self.inline.methods
        )

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
        await self.webhook.close()

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
        self.messages.flood_control = FloodControl(limits or Limits())
        return self.messages.flood_control

    def push(self, kind: str, content: dict[str, Any]) -> None:
        """Makes an update of any kind; kinds that the bot does not ask for never reach it."""
        if kind == "callback_query":
            self.account.presses.add(content["id"])
        self._updates.push(kind, content)

    def expire(self, query: str) -> None:
        """Makes a press, an inline query or a guest's call one that came too long ago to be answered."""
        self.account.presses.discard(query)
        self.inline.expire(query)

    # What a test sees

    @property
    def chats(self) -> dict[int, Chat]:
        """The chats by id."""
        return self.messages.chats

    @property
    def people(self) -> dict[int, Person]:
        """Everybody the double knows, by id."""
        return self.messages.people

    @property
    def flood_control(self) -> FloodControl | None:
        """Telegram's flood control, where it is switched on."""
        return self.messages.flood_control

    @property
    def menus(self) -> dict[str, list[dict[str, str]]]:
        """The menus of commands that are for everybody, by language."""
        return self.account.menus

    @property
    def ignored_entities(self) -> int:
        """How many marks were beyond the hundred that the server keeps of a message."""
        return self.contents.ignored_entities

    @property
    def conflicts(self) -> int:
        """How often a poll was ended by another one."""
        return self._updates.conflicts

    @property
    def pending(self) -> int:
        """How many updates the bot has not confirmed, by its polls or by answering its webhook."""
        return self._updates.pending

    @property
    def unanswered_presses(self) -> set[str]:
        """Ids of the presses that no answerCallbackQuery has ended."""
        return set(self.account.presses)

    async def until(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Waits until something holds, looking after every call; TimeoutError where it never does."""
        await self._news.until(condition, seconds)

    # HTTP

    async def _serve(self, request: Request) -> Response:
        method = request.path_params["method"]
        parameters = await read_parameters(request)
        fault = self.next_fault(method)
        if fault is not None and not fault.carried_out:
            return await self._misbehave(fault, method, parameters)
        answer = await self._answer(method, parameters, request, fault)
        if isinstance(parameters, dict) and (chat := self.chats.get(_whole(parameters.get("chat_id")))) is not None:
            await self._pause(chat.delay)
        return await self._misbehave(fault, method, None) if fault else answer

    async def _carry_out(self, method: str, parameters: dict[str, Any]) -> None:
        """A call that came in the response to a webhook: its outcome is told to nobody."""
        fault = self.next_fault(method)
        if fault is not None and not fault.carried_out:
            self._note(Call(method, parameters, fault.status, fault=fault.kind, via_webhook=True))
        else:
            await self._answer(method, parameters, None, fault)

    async def _answer(self, method: str, given: Any, request: Request | None, fault: Fault | None) -> Response:
        is_by_webhook = request is None
        try:
            if request is not None and request.path_params["token"] != self.token:
                raise RefusedError("Unauthorized", 401)
            if not isinstance(given, dict):
                raise RefusedError("Bad Request: can't parse the request's body")
            parameters = self._table.checked(method, given)
            result = await self._result(method, parameters, request)
        except RefusedError as error:
            refused = Call(method, given, error.status, error.description, error.fault, via_webhook=is_by_webhook)
            self._note(refused)
            return refusal(error.status, error.description, error.parameters)
        self._note(Call(method, parameters, 200, fault=fault.kind if fault else "", via_webhook=is_by_webhook))
        return JSONResponse({"ok": True, "result": result})

    async def _result(self, method: str, parameters: dict[str, Any], request: Request | None) -> Any:
        if method == "getUpdates" and request is not None:
            return await self._updates.get(parameters, request)
        return await self._methods[method](parameters)

    async def _misbehave(self, fault: Fault, method: str, parameters: dict[str, Any] | None) -> Response:
        if parameters is not None:
            self._note(Call(method, parameters, fault.status, fault=fault.kind))
        if fault.kind == "drop":
            return Dropped()
        if fault.kind == "hang":
            await self._pause(fault.seconds)
        retry = {"retry_after": fault.seconds} if fault.status == 429 else None
        return refusal(fault.status or 504, "an ordered fault", retry)

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)

    def _note(self, call: Call) -> None:
        self.calls.append(call)
        self._news.tell()

    def _chat(self, about: dict[str, Any], person: Person) -> Chat:
        if about["id"] not in self.chats:
            self.chats[about["id"]] = Chat(self.push, self.me, about, person)
        return self.chats[about["id"]]


def _whole(number: Any) -> int:
    return int(number) if str(number).removeprefix("-").isdigit() else 0
