"""Asks the program in this container whether it is ready: exit status 0 if so, else 1, and prints what it said."""

import http.client
import os
import sys

EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - where the program may listen; it is asked on loopback then


def main() -> int:
    """The exit status."""
    host = os.environ.get("EXPLAINER_HOST", "")
    port = int(os.environ.get("EXPLAINER_PORT") or 8080)
    connection = http.client.HTTPConnection("127.0.0.1" if host in EVERYWHERE else host, port, timeout=4)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        print(answer.read().decode())
    except OSError as error:
        print(f"no answer on port {port}: {error}")
        return 1
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
