"""What watches the program asks for what the program tells: metrics in the table, the board and the alerts exist."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.anchors import anchors

NAME = re.compile(r"\b(?:explainer|process)_[a-z_]+\b")
NEITHER = {"explainer_"}  # of no metric
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
GRAFANA = {"$__rate_interval": "5m", "$__range": "6h", "$job": "explainer"}


@pytest.fixture(scope="module")
def deploy(repository: Path) -> Path:
    return repository / "deploy"


@pytest.fixture(scope="module")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a program that has just begun tells."""
    environment = {"PATH": os.environ["PATH"], "EXPLAINER_DATA": str(tmp_path_factory.mktemp("var"))}
    process = subprocess.Popen(
        [Path(sys.executable).with_name("explainer"), "run"], cwd=repository, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL, env=environment | {"EXPLAINER_PORT": "0", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = next(found for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with urllib.request.urlopen(f"{found[0]}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
            yield answer.read().decode()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def told(report: str) -> set[str]:
    """The names that a query may use of what the program tells, those without samples included."""
    kinds = {family.name: family.type for family in text_string_to_metric_families(report)}
    return {name + suffix for name, kind in kinds.items() for suffix in SUFFIXES[kind]}


@pytest.fixture(scope="module")
def rules(deploy: Path) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((deploy / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


@pytest.fixture(scope="module")
def board(deploy: Path) -> Mapping[str, Any]:
    shown: Mapping[str, Any] = json.loads((deploy / "grafana" / "explainer.json").read_text("utf-8"))
    return shown


@pytest.fixture(scope="module")
def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@pytest.fixture(scope="module")
def promtool() -> str:
    if not (found := shutil.which("promtool")):
        pytest.skip("no promtool on the PATH (Debian's package prometheus has it): its checks were not made")
    return found


def named(text: str) -> set[str]:
    return set(NAME.findall(text)) - NEITHER


def listed(table: str) -> set[str]:
    """The metrics that a table names, which are its first column; the base name stands for a histogram."""
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return {name for row in rows for name in named(row)}


def test_every_metric_stands_in_the_table_and_no_other(deploy: Path, told: set[str]) -> None:
    parts = {name for name in told if name.endswith(SUFFIXES["histogram"])}
    bases = {name.removesuffix("_bucket") for name in parts if name.endswith("_bucket")}
    assert listed((deploy / "METRICS.md").read_text("utf-8")) == told - parts | bases


def test_alerts_ask_for_what_is_told(rules: list[dict[str, Any]], told: set[str]) -> None:
    asked = {rule["alert"]: named(rule["expr"]) for rule in rules}
    assert {alert: unknown for alert, names in asked.items() if (unknown := names - told)} == {}
    assert [alert for alert, names in asked.items() if not names] == ["ExplainerDown"]  # it asks whether one answers


def test_board_shows_what_is_told(panels: list[dict[str, Any]], told: set[str]) -> None:
    asked = {panel["title"]: named(" ".join(target["expr"] for target in panel["targets"])) for panel in panels}
    assert {title: unknown for title, names in asked.items() if (unknown := names - told)} == {}
    shown = set().union(*asked.values())
    assert {name for name in told if name.startswith("explainer_")} - shown <= {
        "explainer_answer_seconds_count", "explainer_answer_seconds_sum",
    }  # fmt: skip


def test_every_panel_says_what_it_shows(board: Mapping[str, Any], panels: list[dict[str, Any]]) -> None:
    assert [panel["title"] for panel in panels if not panel.get("description")] == []
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    sources = {panel["datasource"]["uid"] for panel in panels}
    assert sources == {"${datasource}"}
    assert {variable["name"] for variable in board["templating"]["list"]} == {"datasource", "job"}


def test_labels_of_queries_are_those_of_the_table(
    deploy: Path, rules: list[dict[str, Any]], panels: list[dict[str, Any]]
) -> None:
    rows = [row.split("|") for row in (deploy / "METRICS.md").read_text("utf-8").splitlines() if row.startswith("| `")]
    labels = {name: set(row[2].replace(" ", "").split(",")) for row in rows for name in named(row[1])}
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    selected = [found for query in asked for found in re.findall(r"(\w+)\{([^}]*)\}", query)]
    assert selected
    for name, selectors in selected:
        used = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", selectors)) - {"job", "instance"}
        base = name.removesuffix("_bucket")
        assert name == "ALERTS" or used <= labels.get(base, set()), (name, used)


def test_each_alert_says_what_to_do_and_where_more_stands(repository: Path, rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        summary, (path, _, anchor) = rule["annotations"]["summary"], rule["annotations"]["runbook"].partition("#")
        assert re.search(r"[:,;] ", summary), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket", "note"}
        text = (repository / path).read_text("utf-8")
        assert not anchor or anchor in anchors(text), rule["annotations"]["runbook"]


def test_each_alert_is_tried_both_ways(deploy: Path, rules: list[dict[str, Any]]) -> None:
    tests = yaml.safe_load((deploy / "prometheus" / "alerts_test.yml").read_text("utf-8"))["tests"]
    tried = {(case["alertname"], bool(case["exp_alerts"])) for test in tests for case in test["alert_rule_test"]}
    assert tried == {(rule["alert"], fires) for rule in rules for fires in (True, False)}


def test_prometheus_takes_names_and_rules(promtool: str, deploy: Path, report: str) -> None:
    folder = deploy / "prometheus"
    for words in (("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")):
        done = subprocess.run([promtool, *words], cwd=folder, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([promtool, "check", "metrics"], input=report, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_prometheus_takes_the_queries_of_the_board(promtool: str, panels: list[dict[str, Any]], tmp_path: Path) -> None:
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    for variable, value in GRAFANA.items():
        queries = [query.replace(variable, value) for query in queries]
    records = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "board.yml").write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": records}]}), "utf-8")
    command = [promtool, "check", "rules", "board.yml"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_unknown_metric_is_noticed() -> None:
    assert named('rate(explainer_nothing_total{job="x"}[5m])') == {"explainer_nothing_total"}
    assert listed("| `explainer_a`, `process_b` | | as `explainer_c` |\ntext `explainer_d`") == {
        "explainer_a", "process_b",
    }  # fmt: skip
