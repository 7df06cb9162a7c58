"""One incoming message to one reply: understand, look at what was known, say it."""
