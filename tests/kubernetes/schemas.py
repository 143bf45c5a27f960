"""Strict validation: unknown fields are refused, as a server does with strict decoding."""

import os
import pathlib

import jsonschema
import kubernetes_validate
import yaml

# The oldest that has all that is used (the sleep of preStop), and the newest known.
VERSIONS = ["1.30", "1.37"]
CRDS = {
    "gateway.networking.k8s.io": (os.environ["GATEWAY_API_MODULE"], "config/crd/standard/*.yaml"),
    "istio.io": (os.environ["ISTIO_API_MODULE"], "kubernetes/customresourcedefinitions.gen.yaml"),
}
# Their definitions are not in a package that could be pinned here.
WITHOUT_SCHEMA = {"policy.linkerd.io", "monitoring.coreos.com", "external-secrets.io"}


def strict(schema):
    """The same schema, which refuses what it does not name."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not is_open:
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
    return schema


def custom():
    found = {}
    for module, files in CRDS.values():
        for file in sorted(pathlib.Path(module).glob(files)):
            for definition in yaml.safe_load_all(file.read_text()):
                if not definition or definition["kind"] != "CustomResourceDefinition":
                    continue
                spec = definition["spec"]
                for version in spec["versions"]:
                    schema = strict(version["schema"]["openAPIV3Schema"])
                    known = schema["properties"]
                    known |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
                    found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


CUSTOM = custom()


def validate(resource):
    """Raises what is wrong with it."""
    group = resource["apiVersion"].split("/")[0]
    if group in WITHOUT_SCHEMA:
        return
    schema = CUSTOM.get((resource["apiVersion"], resource["kind"]))
    if schema:
        jsonschema.Draft202012Validator(schema).validate(resource)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(resource, version, strict=True)
