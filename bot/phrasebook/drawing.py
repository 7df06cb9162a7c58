"""Draws an SVG as PNG: apart, in a process that sees nothing else, or here and small, as a trial."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 60  # seconds; a picture takes less than one
TRIAL = 0.02  # of its size
GENTLY = 10  # the niceness of the process: answers go first


def draw_apart(svg: str, fonts: Sequence[Path]) -> bytes:
    """The PNG of an SVG, in the fonts of these files. The renderer holds the interpreter for a quarter of a second, so
    that it runs in a process of its own, without this one's environment. Raises ValueError where it fails."""
    call = [sys.executable, "-I", __file__, *map(str, fonts)]
    try:
        done = subprocess.run(call, input=svg.encode(), capture_output=True, timeout=PATIENCE, check=False, env={})  # noqa: S603 - this file
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"the renderer did not run ({type(error).__name__})") from error
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "the renderer failed")
    return done.stdout


def draw_trial(svg: str, fonts: Sequence[Path]) -> bytes:
    """The PNG of an SVG, too small to read: tells in some milliseconds whether it can be drawn. Raises ValueError."""
    return _draw(svg, fonts, TRIAL)


def _draw(svg: str, fonts: Sequence[Path], zoom: float) -> bytes:
    import resvg_py  # noqa: PLC0415 - the program itself needs it for nothing else

    files = [str(path) for path in fonts]
    return resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, skip_system_fonts=True, font_files=files)


if __name__ == "__main__":
    os.nice(GENTLY)
    sys.stdout.buffer.write(_draw(sys.stdin.buffer.read().decode(), [Path(name) for name in sys.argv[1:]], 1))
