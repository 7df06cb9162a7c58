"""The conversation in a browser, and the same over HTTP for programs."""
