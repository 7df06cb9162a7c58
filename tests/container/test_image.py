"""The image: small, with nothing in it that only its making needs, and a list of what is in it."""

import json
from pathlib import Path

import pytest

from tests.container.engine import Engine

pytestmark = pytest.mark.long
MEGABYTE = 1_000_000
BASE = "python:3.12-slim-bookworm"
INSTALLED = "import importlib.metadata as m; print(*{d.name.lower().replace('_', '-') for d in m.distributions()})"


def size(engine: Engine, image: str) -> int:
    return int(engine("image", "inspect", "--format", "{{.Size}}", image))


def test_image_is_small_above_its_base(engine: Engine, image: str) -> None:
    above = size(engine, image) - size(engine, BASE)
    packed = int(engine.once(image, "sh", "-c", "tar --create /app 2>/dev/null | gzip | wc --bytes"))
    assert above <= 300 * MEGABYTE
    assert packed <= 120 * MEGABYTE


def test_nothing_that_only_builds_is_left(engine: Engine, image: str) -> None:
    script = r"""
        for tool in gcc cc c++ ld make strip pip uv flit git; do command -v $tool; done
        for package in pip flit_core setuptools pytest; do
            python -c "import $package" 2>/dev/null && echo $package
        done
        find /app \( -name tests -o -name '*.pyx' -o -name '*.h' -o -name '*.key' -o -name .git \)
        find / -xdev -path /proc -prune -o \( -path '*/.cache/*' -o -path '/build*' -o -path '/data/*' \) -print
        true
    """
    assert engine.once(image, "sh", "-c", script, options=("--user=0", "--cap-add=DAC_READ_SEARCH")).split() == []


def test_image_says_what_it_is_and_how_it_runs(engine: Engine, image: str) -> None:
    config = json.loads(engine("image", "inspect", image))[0]["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert labels["version"] == "9.8.7"
    assert labels["revision"] == "abcdef"
    assert {"title", "description", "licenses", "created", "source"} <= set(labels)
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["explainer", "run"]
    assert not config["Entrypoint"]
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert set(config["Volumes"]) == {"/data"}


def test_any_command_of_the_program_runs(engine: Engine, image: str) -> None:
    said = engine.once(image, "explainer", "ask", "¿cuándo es la votación?", "--at", "2025-11-05T12:00")
    assert "Mañana: jueves 6 de noviembre" in said


def test_parts_list_names_every_package(engine: Engine, image: str, repository: Path, tmp_path: Path) -> None:
    override, listed_in = tmp_path / "compose.yaml", "civic-explainer:sbom"
    override.write_text(f"services: {{bot: {{image: '{listed_in}', build: {{target: sbom}}}}}}", "utf-8")
    engine("compose", "-f", "deploy/compose.yaml", "-f", override, "build", cwd=repository, seconds=300)
    container = engine("create", listed_in, "none")
    engine("cp", f"{container}:/sbom.cdx.json", tmp_path)
    engine("rm", container)
    listing = json.loads((tmp_path / "sbom.cdx.json").read_text("utf-8"))
    installed = set(engine.once(image, "/app/bin/python", "-c", INSTALLED).split())
    listed = {part["name"].lower().replace("_", "-"): part for part in listing["components"]}
    assert listing["bomFormat"] == "CycloneDX"
    assert listing["metadata"]["component"]["name"] == "civic-explainer"
    assert installed - {"civic-explainer"} <= set(listed)
    assert {"numpy", "python-telegram-bot"} <= set(listed)
    assert all(part.get("purl", "").startswith("pkg:") for name, part in listed.items() if name != "civic-explainer")
