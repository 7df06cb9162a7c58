"""Photos and documents of the double: what is one, and the ids by which it is sent again."""

import struct
import zlib
from typing import Any

import pytest

from tests.double import BotApiDouble
from tests.double.caller import call
from tests.double.files import Files
from tests.double.table import RefusedError, Upload

waits = pytest.mark.asyncio(loop_scope="function")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, more: int = 0) -> bytes:
    """A PNG of these sides, one bit a pixel, all of it zero; `more` bytes stand in a chunk that nobody reads."""
    pixels = zlib.compress(bytes((width + 7) // 8 + 1) * height)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"teXt", bytes(more)), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


@waits
async def test_photo_is_uploaded_once_and_sent_again_by_any_of_its_ids() -> None:
    async with BotApiDouble() as double:
        chat, caption = double.private(), "<b>Nov 6</b>: the vote"
        form: dict[str, Any] = {
            "chat_id": chat.id,
            "caption": caption,
            "parse_mode": "HTML",
            "reply_markup": '{"inline_keyboard": []}',
        }
        status, told = await call(double, "sendPhoto", photo=png(1280, 640), **form)
        sizes = [(size["width"], size["height"]) for size in told["photo"]]
        assert (status, sizes, told["caption"]) == (
            200,
            [(90, 45), (320, 160), (800, 400), (1280, 640)],
            "Nov 6: the vote",
        )
        assert told["caption_entities"] == [{"type": "bold", "offset": 0, "length": 5}]
        first = await chat.reply()
        assert first.photo is not None
        assert (first.photo.width, first.photo.height, first.html) == (1280, 640, caption)
        for size in told["photo"]:
            assert (await call(double, "sendPhoto", chat_id=chat.id, photo=size["file_id"]))[0] == 200
            assert (await chat.reply()).photo == first.photo
        wrong = await call(double, "sendDocument", chat_id=chat.id, document=told["photo"][0]["file_id"])
        assert wrong == (400, "Bad Request: type of file mismatch")
        edit = await call(double, "editMessageText", chat_id=chat.id, message_id=first.message_id, text="x")
        assert edit == (400, "Bad Request: there is no text in the message to edit")


@waits
async def test_file_ids_that_the_server_never_gave_or_forgot_are_wrong() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        _, told = await call(double, "sendPhoto", chat_id=chat.id, photo=png(90, 90))
        double.files.forget()
        for name in (told["photo"][-1]["file_id"], "AgACAgQ", "https://a.org/x.png"):
            _, why = await call(double, "sendPhoto", chat_id=chat.id, photo=name)
            assert why == "Bad Request: wrong file identifier/HTTP URL specified"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (png(6000, 4001), "PHOTO_INVALID_DIMENSIONS"),
        (png(210, 10), "PHOTO_INVALID_DIMENSIONS"),
        (png(10, 201), "PHOTO_INVALID_DIMENSIONS"),
        (png(0, 10), "IMAGE_PROCESS_FAILED"),
        (png(10, 10)[:-6], "IMAGE_PROCESS_FAILED"),
        (png(10, 10).replace(b"IDAT", b"IDAX"), "IMAGE_PROCESS_FAILED"),
        (b"<svg/>", "IMAGE_PROCESS_FAILED"),
        (b"", "file must be non-empty"),
    ],
    ids=range(8),
)
def test_what_is_no_photo_for_telegram_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        Files().read("photo", Upload("x.png", content, "image/png"))


def test_photo_of_more_than_ten_megabytes_is_refused() -> None:
    heavy = png(10, 10, more=10 * 1024 * 1024)
    with pytest.raises(RefusedError, match="is too big for a photo"):
        Files().read("photo", Upload("x.png", heavy, "image/png"))


@pytest.mark.parametrize(("width", "height"), [(6000, 4000), (200, 10)])
def test_photo_at_the_limits_is_taken(width: int, height: int) -> None:
    kept = Files().read("photo", Upload("x.png", png(width, height), "image/png"))
    assert (kept.width, kept.height) == (width, height)


@waits
async def test_caption_is_measured_in_utf16_units_after_parsing() -> None:
    async with BotApiDouble() as double:
        chat = double.private()
        _, told = await call(double, "sendPhoto", chat_id=chat.id, photo=png(90, 90))
        again = {"chat_id": chat.id, "photo": told["photo"][-1]["file_id"], "parse_mode": "HTML"}
        assert (await call(double, "sendPhoto", **again, caption="<b>" + "x" * 1024 + "</b>"))[0] == 200
        too_long = await call(double, "sendPhoto", **again, caption="🧊" * 513)
        assert too_long == (400, "Bad Request: message caption is too long")
        assert (await call(double, "sendPhoto", **again, caption="<b>x"))[1].startswith(
            "Bad Request: can't parse entities"
        )


@waits
async def test_group_may_forbid_photos_and_take_words() -> None:
    async with BotApiDouble() as double:
        group = double.group()
        group.allows_photos = False
        refused = await call(double, "sendPhoto", chat_id=group.id, photo=png(90, 90))
        assert refused == (400, "Bad Request: not enough rights to send photos to the chat")
        assert (await call(double, "sendMessage", chat_id=group.id, text="words"))[0] == 200


@waits
async def test_photo_can_be_offered_inline_by_its_id() -> None:
    async with BotApiDouble() as double:
        _, told = await call(double, "sendPhoto", chat_id=double.private().id, photo=png(90, 90))
        query = double.elsewhere.type("timeline")
        offer = {"type": "photo", "id": "a", "title": "Timeline", "photo_file_id": told["photo"][-1]["file_id"]}
        assert (await call(double, "answerInlineQuery", inline_query_id=query, results=[offer]))[0] == 200
        assert double.elsewhere.choose(query, "Timeline").photo is not None
