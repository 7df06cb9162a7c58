"""How a subscription is written as a row, and read from one: what names the chat is encrypted."""

from collections.abc import Mapping, Sequence
from secrets import randbits
from typing import Any, Final

from sqlalchemy import Row

from bot.reminders.ledger import Address
from bot.reminders.subscription import CHOICES, Subscription
from bot.storage.keys import MARK, Keys, mark

PADDING: Final = 32  # bytes; ids are filled up to a multiple of this, so that their length does not tell them apart
BIT: Final = {choice: 1 << number for number, choice in enumerate(CHOICES)}


def new_id() -> int:
    """A number for a new row: nobody can tell from it when, or after whom, the chat subscribed."""
    return randbits(62)


def choices(subscription: Subscription) -> dict[str, object]:
    """The columns that the reader decides on, all but the chat's."""
    return {
        "language": subscription.lang,
        "since": subscription.since,
        "off": sum(BIT[choice] for choice in subscription.off),
        "paused": subscription.paused,
    }


def place(keys: Keys, channel: str, chat: str, thread: int | None) -> dict[str, object]:
    """The columns that say whose the subscription is, under the first key."""
    row_key = keys.row_keys(channel, chat)[0]
    return {"key": row_key, "channel": channel, "sealed": seal(keys, row_key, chat, thread)}


def seal(keys: Keys, row_key: bytes, chat: str, thread: int | None) -> bytes:
    """The chat's id and its thread's, encrypted with the first key and bound to the row's."""
    plain = f"{chat}\n{'' if thread is None else thread}\n".encode()
    padded = plain.ljust(-(-len(plain) // PADDING) * PADDING)
    return mark(keys.fingerprints[0]) + keys.seal(padded, bound_to=row_key)


def unseal(keys: Keys, row: Row[Any]) -> tuple[str, int | None] | None:
    """The chat's id and its thread's; None when they were sealed with an unknown key, or changed, or moved."""
    plain = keys.unseal(row.sealed[MARK:], bound_to=row.key)
    if plain is None:
        return None
    chat, thread, _padding = plain.decode().split("\n")
    return chat, int(thread) if thread else None


def read(keys: Keys, row: Row[Any]) -> Subscription:
    """The subscription in a row."""
    unsealed = unseal(keys, row)
    return _subscription(row, unsealed[1] if unsealed else None)


def addresses(keys: Keys, rows: Sequence[Row[Any]]) -> Mapping[int, Address]:
    """Where the subscriptions in the rows are reached, by id; those that cannot be decrypted are left out."""
    unsealed = ((row, unseal(keys, row)) for row in rows)
    return {row.id: Address(row.channel, place[0], _subscription(row, place[1])) for row, place in unsealed if place}


def _subscription(row: Row[Any], thread: int | None) -> Subscription:
    return Subscription(row.language, row.since, _off(row.off), row.paused, thread)


def _off(bits: int) -> frozenset[str]:
    return frozenset(choice for choice, bit in BIT.items() if bits & bit)
