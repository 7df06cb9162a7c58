"""The floor: an ASGI handler that reads an update and replies in the webhook with words that never change."""

from typing import Any

import orjson
import uvicorn

from tests.benchmarks.telegram_bots.work import BUTTONS, TEXT, read_arguments

REST = orjson.dumps(
    {
        "text": TEXT,
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": [[{"text": label, "callback_data": data}] for label, data in BUTTONS]},
    }
)
TYPE = (b"content-type", b"application/json")


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Replies to every request."""
    event = await receive()
    body = event["body"]
    while event["more_body"]:
        event = await receive()
        body += event["body"]
    chat = orjson.loads(body)["message"]["chat"]["id"]
    content = b'{"method":"sendMessage","chat_id":%d,' % chat + REST[1:]
    headers = [TYPE, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main() -> None:
    _, place = read_arguments()
    uvicorn.run(
        app, host="127.0.0.1", port=place.port, loop="uvloop", http="httptools", lifespan="off", ws="none",
        access_log=False, log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    main()
