"""What the doctor says of addresses, each line provoked by something that really listens there."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.core.clock import SystemClock
from bot.core.observations import Condition
from bot.platforms.telegram.webhook import Address, Slot, Webhook
from bot.platforms.web.examination import examine_port, examine_public, examine_webhook_address
from bot.platforms.web.server import WebServer, beside

pytestmark = pytest.mark.asyncio(loop_scope="function")
HERE = "127.0.0.1"
PATH = "/telegram/a-path-that-nobody-guesses"


@asynccontextmanager
async def serving(**answers: Response) -> AsyncIterator[WebServer]:
    """Something that gives these answers, by path; `webhook` stands at PATH, for posts."""
    places = {name: (PATH, "POST") if name == "webhook" else (f"/{name}", "GET") for name in answers}
    routes = [Route(path, partial(_give, answers[name]), methods=[way]) for name, (path, way) in places.items()]
    server = WebServer(Starlette(routes=routes), HERE, 0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _give(answer: Response, _request: Request) -> Response:
    return answer


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that something listens on which answers nothing."""
    with socket.socket() as listening:
        listening.bind((HERE, 0))
        listening.listen(5)
        yield listening.getsockname()[1]


def free_port() -> int:
    with socket.socket() as trying:
        trying.bind((HERE, 0))
        return int(trying.getsockname()[1])


async def test_bot_that_runs_and_is_ready_is_known() -> None:
    async with serving(readyz=JSONResponse({"content": "ok", "database": "ok"})) as server:
        running = await examine_port("", server.port)
        assert running.checks == {"content": "ok", "database": "ok"}
        assert [one.condition for one in running.observations] == [Condition.OK]


async def test_bot_that_is_not_ready_is_told_with_its_own_words() -> None:
    answer = JSONResponse({"content": "ok", "database": "ok", "telegram": "another program polls"}, 503)
    async with serving(readyz=answer) as server:
        running = await examine_port(HERE, server.port)
        assert running.checks is not None
        (one,) = running.observations
        assert one.condition is Condition.ERROR
        assert one.is_out_of_reach
        assert "(telegram: another program polls)" in one.seen


@pytest.mark.parametrize("answer", [PlainTextResponse("hello"), JSONResponse(["ok"]), JSONResponse({"up": True})])
async def test_another_program_on_the_port_is_told(answer: Response) -> None:
    async with serving(readyz=answer) as server:
        running = await examine_port(HERE, server.port)
        assert running.checks is None
        assert "another program has it" in running.observations[0].seen


async def test_silent_program_on_the_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.web.examination.PATIENCE", 0.2)
    with taken_port() as port:
        (one,) = (await examine_port(HERE, port)).observations
        assert one.condition is Condition.ERROR
        assert "another program has it" in one.seen


async def test_free_port_is_fine_and_stays_free() -> None:
    port = free_port()
    assert [one.condition for one in (await examine_port(HERE, port)).observations] == [Condition.OK]
    with socket.socket() as listening:
        listening.bind((HERE, port))


async def test_host_of_another_machine_is_told() -> None:
    (one,) = (await examine_port("192.0.2.1", 8080)).observations
    assert "cannot be listened on" in one.seen
    assert "EXPLAINER_HOST" in one.remedy


async def test_port_0_is_any() -> None:
    (one,) = (await examine_port(HERE, 0)).observations
    assert one.condition is Condition.OK


async def test_public_address_that_leads_here_is_fine() -> None:
    async with serving(healthz=PlainTextResponse("ok")) as server:
        assert [one.condition for one in await examine_public(server.url)] == [Condition.OK]


@pytest.mark.parametrize(
    ("answer", "condition", "is_out_of_reach"),
    [
        (PlainTextResponse("welcome"), Condition.ERROR, False),
        (PlainTextResponse("", 404), Condition.ERROR, False),
        (PlainTextResponse("", 302, {"location": "/"}), Condition.ERROR, False),
        (PlainTextResponse("", 502), Condition.ERROR, True),
    ],
)
async def test_public_address_that_leads_elsewhere_is_told(
    answer: Response, condition: Condition, is_out_of_reach: bool
) -> None:
    async with serving(healthz=answer) as server:
        (one,) = await examine_public(server.url)
        assert (one.condition, one.is_out_of_reach) == (condition, is_out_of_reach)


async def test_address_that_this_machine_cannot_reach_is_a_warning() -> None:
    (one,) = await examine_public(f"http://{HERE}:{free_port()}")
    assert one.condition is Condition.WARNING
    assert "seen from this machine it cannot be reached" in one.seen


async def test_own_webhook_refuses_posts_without_the_secret() -> None:
    taken = []

    async def take(posted: dict[str, object], slot: Slot) -> None:
        taken.append(posted)
        slot.close()

    async def health(_request: object) -> Response:
        return PlainTextResponse("ok")

    webhook = Webhook(Address(f"http://{HERE}{PATH}", "a-secret-of-sixteen"), take)
    webhook.open()
    page = Starlette(routes=[Route("/healthz", health)])
    server = WebServer(beside(PATH, webhook, page), HERE, 0)
    await server.start()
    try:
        (one,) = await examine_webhook_address(server.url + PATH)
    finally:
        await server.stop()
    assert one.condition is Condition.OK
    assert taken == []


@pytest.mark.parametrize(
    ("answer", "condition", "words"),
    [
        (PlainTextResponse("", 200), Condition.ERROR, "takes a post without the secret"),
        (PlainTextResponse("", 403), Condition.WARNING, "/healthz of its server is not"),
        (PlainTextResponse("", 404), Condition.ERROR, "leads to something else (status 404)"),
        (PlainTextResponse("", 502), Condition.ERROR, "status 502"),
    ],
)
async def test_webhook_that_leads_elsewhere_is_told_without_its_path(
    answer: Response, condition: Condition, words: str
) -> None:
    async with serving(webhook=answer) as server:
        (one,) = await examine_webhook_address(server.url + PATH)
        assert one.condition is condition
        assert words in one.seen
        assert "nobody-guesses" not in str(one)


async def test_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), HERE, 0, ssl=context)
    async with server:
        url = f"https://{HERE}:{server.sockets[0].getsockname()[1]}"
        (public,), (webhook,) = await examine_public(url), await examine_webhook_address(url + PATH)
    for one in (public, webhook):
        assert one.condition is Condition.ERROR
        assert "its certificate is not trusted" in one.seen
        assert "whole chain" in one.remedy


def _certificate(folder: Path) -> Path:
    """A key and a certificate that it signed itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = SystemClock().now()
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    file = folder / "certificate.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return file
