#!/usr/local/bin/python3 -IS
"""As much of wget as a health check needs: what is at the last argument's address, else exit status 1."""

import sys
import urllib.request

with urllib.request.urlopen(sys.argv[-1], timeout=4) as answer:  # noqa: S310 - the address is the caller's
    sys.stdout.write(answer.read().decode())
