"""What the latest messages were taken for, kept without the messages."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock

from bot.core.messages import Turn
from bot.core.ports import Understanding

MOST = 1_024  # messages: the questions that many ask
DIGEST = 16  # bytes


class Recent:
    """Keeps the latest `most` understandings, each under a digest of its message. The digest's key is made anew for
    every object and leaves it nowhere: a text can be neither read from what is kept nor tried on it. Safe to use from
    several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._key = token_bytes(blake2b.MAX_KEY_SIZE)
        self._kept: OrderedDict[bytes, Understanding] = OrderedDict()
        self._lock = Lock()

    def understood(self, text: str, context: Turn | None, understand: Callable[[], Understanding]) -> Understanding:
        """What `text` after the turn `context` was taken for; `understand` is called where that is not kept."""
        digest = blake2b(repr((text, context)).encode(), digest_size=DIGEST, key=self._key).digest()
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest]
        understanding = understand()
        with self._lock:
            self._kept[digest] = understanding
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return understanding
