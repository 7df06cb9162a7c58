"""Keeps messages to one chat apart, as platforms ask, whichever campaigns they belong to."""

from collections import OrderedDict, deque
from typing import Final

APART: Final = 1.0  # seconds between two messages to a chat: https://core.telegram.org/bots/faq#broadcasting-to-users
A_MINUTE: Final = 20  # messages to a group in 60 seconds: the same page
MINUTE: Final = 60.0


class ChatLimits:
    """What this replica sent in the last minute; instants are of `rate.elapsed`."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, chat: str, now: float) -> float:
        """0 where a message may go to the chat now, and is counted; else the seconds to wait."""
        while self._sent and (oldest := next(iter(self._sent))) != chat and self._sent[oldest][-1] < now - MINUTE:
            self._sent.popitem(last=False)
        times = self._sent.setdefault(chat, deque(maxlen=A_MINUTE))
        if times and now < times[-1] + APART:
            return times[-1] + APART - now
        if len(times) == A_MINUTE and now < times[0] + MINUTE:
            return times[0] + MINUTE - now
        times.append(now)
        self._sent.move_to_end(chat)
        return 0.0
