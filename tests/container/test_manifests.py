"""What describes containers and clusters: whole, hardened everywhere, and taken by the tools that read it."""

import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import SECRETS, Settings
from tests.container.engine import Engine

SERVICES = {
    "compose.yaml": {"bot", "prometheus", "grafana"},
    "compose.scale.yaml": {"bot-1", "bot-2", "postgres", "caddy", "prometheus", "grafana"},
}
NEEDED = {"PUBLIC_NAME": "bot.example.org"}
MOUNT = "/run/secrets/bot/"


@pytest.fixture(scope="module")
def deploy(repository: Path) -> Path:
    return repository / "deploy"


@pytest.fixture(scope="module")
def resources(deploy: Path) -> dict[str, dict[str, Any]]:
    """What the manifests describe, by kind; there is one of each."""
    folder = deploy / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert sorted(listed) == sorted(path.name for path in folder.iterdir() if path.name != "kustomization.yaml")
    described = list(chain.from_iterable(yaml.safe_load_all((folder / name).read_text("utf-8")) for name in listed))
    by_kind = {resource["kind"]: resource for resource in described}
    assert len(by_kind) == len(described)
    return by_kind


def services_of(deploy: Path, name: str) -> dict[str, dict[str, Any]]:
    """A Compose file's services, each with what it takes from another file."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((deploy / name).read_text("utf-8"))["services"]
    return {
        title: services_of(deploy, given["extends"]["file"])[given["extends"]["service"]] | given
        if "extends" in given
        else given
        for title, given in services.items()
    }


def test_every_variable_can_be_given_to_the_containers(deploy: Path) -> None:
    """But for those that the image and the files themselves set."""
    own = {"EXPLAINER_DATA", "EXPLAINER_FACTS", "EXPLAINER_RESPONSES", "EXPLAINER_HOST", "EXPLAINER_PORT"}
    secret = {name.upper() for name in SECRETS}
    wanted = {name.upper().removesuffix("_FILE") for name in Settings.model_fields} - own
    for name, bot in (("compose.yaml", "bot"), ("compose.scale.yaml", "bot-1")):
        given = set(services_of(deploy, name)[bot]["environment"])
        elsewhere = {"DATABASE_URL"} if bot == "bot" else set()
        assert {one.removesuffix("_FILE") for one in given} == wanted - elsewhere
        assert given & secret == set()  # a secret is given as a file alone


def test_secrets_of_two_replicas_lie_where_the_runbook_puts_them(deploy: Path) -> None:
    """So nothing but `NEEDED` has to be set; headers of a collector are the one secret that may be missing."""
    secrets = yaml.safe_load((deploy / "compose.scale.yaml").read_text("utf-8"))["secrets"]
    runbook = (deploy / "README.md").read_text("utf-8")
    for name, given in secrets.items():
        fallback = given["file"].partition(":-")[2].removesuffix("}")
        assert fallback == ("/dev/null" if name == "otel_headers" else f"./secrets/{name}")
        assert name == "otel_headers" or f"deploy/secrets/{name}" in runbook


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(deploy: Path, name: str) -> None:
    assert set(services_of(deploy, name)) == SERVICES[name]
    for service in services_of(deploy, name).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit", "restart", "logging"} <= set(service)
        assert "healthcheck" in service or "build" in service  # the image that is built here has one itself


def test_cluster_runs_what_compose_runs(deploy: Path, resources: dict[str, dict[str, Any]]) -> None:
    services = services_of(deploy, "compose.scale.yaml")
    (container,) = resources["Deployment"]["spec"]["template"]["spec"]["containers"]
    files = {entry["name"]: entry["value"].removeprefix(MOUNT) for entry in container["env"] if "value" in entry}
    (optional,) = [entry for entry in container["env"] if "value" not in entry]
    assert optional["valueFrom"]["secretKeyRef"]["optional"] is True
    files |= {f"{optional['name']}_FILE": optional["valueFrom"]["secretKeyRef"]["key"]}
    assert files == {
        name: str(value).removeprefix("/run/secrets/")
        for name, value in services["bot-1"]["environment"].items()
        if str(value).startswith("/run/secrets/")
    }
    assert container["image"] == services["bot-1"]["image"].partition(":-")[2].rstrip("}")
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"startupProbe", "readinessProbe", "livenessProbe", "resources"} <= set(container)


def test_what_belongs_to_the_pods_names_them(resources: dict[str, dict[str, Any]]) -> None:
    template = resources["Deployment"]["spec"]["template"]
    selectors = [
        resources["Deployment"]["spec"]["selector"]["matchLabels"],
        resources["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        resources["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        resources["Service"]["spec"]["selector"],
    ]
    assert all(selector == template["metadata"]["labels"] for selector in selectors)
    assert template["spec"]["securityContext"]["runAsNonRoot"] is True
    assert resources["Deployment"]["spec"]["replicas"] > resources["PodDisruptionBudget"]["spec"]["minAvailable"]
    assert "Secret" not in resources


@pytest.mark.long
@pytest.mark.parametrize("name", SERVICES)
def test_compose_takes_its_files(engine: Engine, deploy: Path, name: str) -> None:
    told = Engine({**engine.environment, **NEEDED})("compose", "-f", name, "config", "--quiet", cwd=deploy)
    assert told == ""


@pytest.mark.long
@pytest.mark.parametrize("name", NEEDED)
def test_what_is_not_set_is_said(engine: Engine, deploy: Path, tmp_path: Path, name: str) -> None:
    given = {other: value for other, value in NEEDED.items() if other != name}
    command = "compose", "--project-directory", tmp_path, "-f", deploy / "compose.scale.yaml", "config"
    with pytest.raises(AssertionError, match=f"{name} is missing a value: set it in deploy/.env"):
        Engine({**engine.environment, **given})(*command)


@pytest.mark.long
def test_manifests_keep_to_the_schemas(engine: Engine, stand_ins: dict[str, str], repository: Path) -> None:
    check = (
        "cd /deploy/kubernetes; kubernetes-validate --strict bot.yaml namespace.yaml network.yaml;"
        "cd /deploy; hadolint Containerfile /stand_ins/Containerfile"
    )
    folders = {"deploy": repository / "deploy", "stand_ins": repository / "tests" / "container" / "stand_ins"}
    volumes = tuple(f"--volume={path}:/{name}:ro" for name, path in folders.items())
    engine.once(stand_ins["checks"], "sh", "-euc", check, options=volumes)


@pytest.mark.long
def test_caddy_takes_its_file_as_it_stands(engine: Engine, stand_ins: dict[str, str], deploy: Path) -> None:
    check = "caddy fmt --diff /Caddyfile && caddy validate --adapter caddyfile --config /Caddyfile"
    options = (f"--volume={deploy / 'Caddyfile'}:/Caddyfile:ro", "--env=PUBLIC_NAME=bot.example.org", "--tmpfs=/data")
    assert "Valid configuration" in engine.once(stand_ins["caddy"], "sh", "-euc", check, options=options)


@pytest.mark.long
def test_customization_fits_together(deploy: Path, resources: dict[str, dict[str, Any]]) -> None:
    if not (kubectl := shutil.which("kubectl")):
        pytest.skip("no kubectl: the manifests were not put together")
    done = subprocess.run([kubectl, "kustomize", deploy / "kubernetes"], check=True, capture_output=True, text=True)
    built = {resource["kind"]: resource for resource in yaml.safe_load_all(done.stdout)}
    assert set(built) == {*resources, "ConfigMap"}
    assert {resource["metadata"].get("namespace") for kind, resource in built.items() if kind != "Namespace"} == {
        "civic-explainer"
    }
    (container,) = built["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example.org/civic-explainer:")
    assert container["envFrom"] == [{"configMapRef": {"name": built["ConfigMap"]["metadata"]["name"]}}]
