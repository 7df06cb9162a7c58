"""Keeps what must outlive a restart, in one database; callers open it with `open_storage` and know no tables."""

from bot.storage.store import Storage, open_storage

__all__ = ["Storage", "open_storage"]
