"""`explainer run` on a rehearsal's clock that goes some times as fast: `python -m tests.faults.fast_day 60`."""

import sys
import time

from bot.cli import main
from bot.core import clock

speed, begun = float(sys.argv[1]), time.monotonic()
clock.monotonic = lambda: begun + (time.monotonic() - begun) * speed
main(["run"])
