"""A double of the Telegram Bot API over real HTTP, which refuses what Telegram refuses."""

from tests.double.delivery import WebhookRules
from tests.double.limits import FloodControl, Limits
from tests.double.record import Call
from tests.double.server import BotApiDouble
from tests.double.webhook import Webhook
from tests.double.world import Chat, Person, Sent

__all__ = [
    "BotApiDouble",
    "Call",
    "Chat",
    "FloodControl",
    "Limits",
    "Person",
    "Sent",
    "Webhook",
    "WebhookRules",
]
