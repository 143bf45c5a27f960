"""The overlays as they are applied."""

import functools
import os
import pathlib
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
MESHES = sorted(path.name for path in (KUBERNETES / "mesh").iterdir())


@functools.cache
def rendered(folder):
    """The text of a folder below deploy/kubernetes."""
    return subprocess.run(["kustomize", "build", KUBERNETES / folder], check=True, text=True, capture_output=True).stdout


def resources(folder):
    return list(yaml.safe_load_all(rendered(folder)))


def overlay(name):
    return resources(f"overlays/{name}")


def with_components(name, *components):
    """An overlay with optional components on top, as a user would write it."""
    with tempfile.TemporaryDirectory(dir=KUBERNETES / "overlays", prefix=".test-") as folder:
        text = {"resources": [f"../{name}"], "components": [f"../../components/{one}" for one in components]}
        (pathlib.Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(text))
        command = ["kustomize", "build", folder]
        done = subprocess.run(command, check=True, text=True, capture_output=True, env=os.environ)
    return list(yaml.safe_load_all(done.stdout))


def of_kind(items, *kinds):
    return [item for item in items if item["kind"] in kinds]


def named(items, kind, name):
    return next(item for item in items if item["kind"] == kind and item["metadata"]["name"] == name)


def workloads(items):
    return of_kind(items, "Deployment", "Job")


def pod(workload):
    return workload["spec"]["template"]


def containers(workload):
    spec = pod(workload)["spec"]
    return spec.get("initContainers", []) + spec["containers"]


def runs_sekisho(container):
    return container["image"].split(":")[0] == "sekisho"


def environment(items, container):
    """What a container finds in its environment, but for what is secret."""
    variables = {}
    for source in container.get("envFrom", []):
        variables |= named(items, "ConfigMap", source["configMapRef"]["name"])["data"]
    variables |= {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}
    return variables
