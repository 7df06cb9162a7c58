"""Draws an SVG as PNG: apart, in a process that sees nothing else, or here and small, as a trial."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 20  # seconds; a picture takes less than one
TRIAL = 0.02  # of its size
GENTLY = 10  # the niceness of the process: answers go first
MOST_MEMORY = 1_000_000_000  # bytes of addresses; a picture takes a hundredth


def draw_apart(svg: str, fonts: Sequence[bytes]) -> bytes:
    """The PNG of an SVG, in the fonts that these files are. The renderer holds the interpreter for a quarter of a
    second, so that it runs in a process of its own, without this one's environment. Raises ValueError where it fails.
    """
    try:
        with _on_disk(fonts) as names:
            call = [sys.executable, "-I", __file__, *names]
            done = subprocess.run(call, input=svg.encode(), capture_output=True, timeout=PATIENCE, check=False, env={})  # noqa: S603 - this file
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"the renderer did not run ({type(error).__name__})") from error
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "the renderer failed")
    return done.stdout


def draw_trial(svg: str, fonts: Sequence[bytes]) -> bytes:
    """The PNG of an SVG, too small to read: tells in some milliseconds whether it can be drawn. Raises ValueError."""
    with _on_disk(fonts) as names:
        return _draw(svg, names, TRIAL)


@contextmanager
def _on_disk(fonts: Sequence[bytes]) -> Iterator[list[str]]:
    """The paths of these files for a while: the renderer reads fonts from nowhere else."""
    with TemporaryDirectory(prefix="fonts-") as folder:
        paths = [Path(folder, f"{at}.ttf") for at in range(len(fonts))]
        for path, font in zip(paths, fonts, strict=True):
            path.write_bytes(font)
        yield [str(path) for path in paths]


def _draw(svg: str, fonts: Sequence[str], zoom: float) -> bytes:
    import resvg_py  # noqa: PLC0415 - the program itself needs it for nothing else

    return resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, skip_system_fonts=True, font_files=list(fonts))


if __name__ == "__main__":
    os.nice(GENTLY)
    with suppress(ImportError):  # there is none on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.buffer.write(_draw(sys.stdin.buffer.read().decode(), sys.argv[1:], 1))
