"""Every resource is one that a server would take, and a broken one is refused."""

import copy
import json
import subprocess
import unittest

import kubernetes_validate
from jsonschema import ValidationError

import manifests
from schemas import validate

# Checks of kube-score that do not fit, each with its reason.
ACCEPTED = {
    "container-image-pull-policy": "images are named by digest or by a tag that is never moved",
    "deployment-has-host-podantiaffinity": "topologySpreadConstraints do it",
}
OF_ONE_POD = {
    "deployment-strategy": "a SQLite file has one process: Recreate",
    "deployment-replicas": "for the same reason",
    "deployment-targeted-by-hpa-does-not-have-replicas-configured": "there is no autoscaler",
}
OF_RESOURCES = {
    ("sekisho-grpc-gateway", "pod-probes-identical"): "whether its port answers is all that can be asked of it",
    ("sekisho", "pod-probes-identical"): "with components/ext-authz: proxies are answered while a store is away",
    ("gateway", "networkpolicy-targets-pod"): "its pods are made by what implements the Gateway API",
}


class Schemas(unittest.TestCase):
    def test_every_overlay_and_mesh_is_valid(self):
        folders = [f"overlays/{name}" for name in manifests.OVERLAYS] + [f"mesh/{name}" for name in manifests.MESHES]
        for folder in folders:
            for resource in manifests.resources(folder):
                with self.subTest(folder=folder, kind=resource["kind"], name=resource["metadata"]["name"]):
                    validate(resource)

    def test_the_components_fit(self):
        for resource in manifests.with_components("production", "tls", "mtls", "otlp", "pod-monitor", "external-secret", "ext-authz"):
            with self.subTest(kind=resource["kind"]):
                validate(resource)

    def test_what_is_broken_is_refused(self):
        production = manifests.overlay("production")
        gateway = manifests.overlay("gateway-api")
        istio = manifests.resources("mesh/istio")
        pod = ["spec", "template", "spec"]
        for items, kind, path, value in [
            (production, "Deployment", [*pod, "terminationGracePeriod"], 75),
            (production, "Deployment", [*pod, "terminationGracePeriodSeconds"], "75"),
            (production, "Deployment", [*pod, "containers", 0, "lifecycle", "preStop", "sleep", "second"], 5),
            (production, "Deployment", ["spec", "selector"], None),
            (production, "Service", ["spec", "ports", 0, "appprotocol"], "http"),
            (production, "NetworkPolicy", ["spec", "egres"], []),
            (production, "PodDisruptionBudget", ["spec", "maxUnavaliable"], 1),
            (production, "HorizontalPodAutoscaler", ["spec", "maxReplicas"], "many"),
            (gateway, "HTTPRoute", ["spec", "rules", 0, "matches", 0, "path", "type"], "Prefix"),
            (gateway, "HTTPRoute", ["spec", "rules", 0, "backendRef"], []),
            (istio, "RequestAuthentication", ["spec", "jwtRules", 0, "jwksUrl"], "http://a"),
            (istio, "AuthorizationPolicy", ["spec", "action"], "PERHAPS"),
            (istio, "PeerAuthentication", ["spec", "mtls", "mode"], "ALWAYS"),
        ]:
            broken = copy.deepcopy(manifests.of_kind(items, kind)[0])
            place = broken
            for step in path[:-1]:
                place = place[step]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            with self.subTest(kind=kind, path=path):
                with self.assertRaises((ValidationError, kubernetes_validate.ValidationError)):
                    validate(broken)


class Score(unittest.TestCase):
    def failing(self, folder):
        command = ["kube-score", "score", "--kubernetes-version", "v1.30", "--output-format", "json", "-"]
        done = subprocess.run(command, text=True, capture_output=True, input=manifests.rendered(folder))
        found = set()
        for scored in json.loads(done.stdout):
            for check in scored["checks"]:
                # 10 is as it should be, and a check that does not apply.
                if not check["skipped"] and check["grade"] < 10:
                    found.add((scored["object_meta"]["name"], check["check"]["id"]))
        return found

    def test_nothing_is_criticised_but_what_is_accepted(self):
        for name in manifests.OVERLAYS:
            accepted = set(ACCEPTED)
            if name in ("dev", "single"):
                accepted |= set(OF_ONE_POD)
            for resource, check in self.failing(f"overlays/{name}"):
                with self.subTest(overlay=name, resource=resource, check=check):
                    self.assertTrue(check in accepted or (resource, check) in OF_RESOURCES)

    def test_it_would_be_heard(self):
        self.assertIn(("sekisho", "deployment-replicas"), self.failing("overlays/dev"))


if __name__ == "__main__":
    unittest.main()
