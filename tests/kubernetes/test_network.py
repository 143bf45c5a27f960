"""Who may speak with whom, by the policies as Kubernetes reads them."""

import re
import unittest

import manifests
from manifests import named, of_kind, overlay, pod

ANYWHERE = {"namespace": {"kubernetes.io/metadata.name": "elsewhere"}, "labels": {}, "outside": True}
DNS = {"namespace": {"kubernetes.io/metadata.name": "kube-system"}, "labels": {"k8s-app": "kube-dns"}}


def selects(selector, labels):
    assert set(selector) <= {"matchLabels"}, selector
    return selector.get("matchLabels", {}).items() <= labels.items()


class Cluster:
    """An overlay's pods, and its policies."""

    def __init__(self, name, *components):
        self.items = manifests.with_components(name, *components) if components else overlay(name)
        (namespace,) = of_kind(self.items, "Namespace")
        self.namespace = {"kubernetes.io/metadata.name": namespace["metadata"]["name"]} | namespace["metadata"]["labels"]
        self.policies = of_kind(self.items, "NetworkPolicy")

    def pod(self, name, kind="Deployment"):
        template = pod(named(self.items, kind, name))
        ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0].get("ports", [])}
        return {"namespace": self.namespace, "labels": template["metadata"]["labels"], "ports": ports}

    def peer_matches(self, peer, other):
        assert set(peer) <= {"podSelector", "namespaceSelector"}, peer
        if other.get("outside"):
            return False
        if "namespaceSelector" in peer:
            in_namespace = selects(peer["namespaceSelector"], other["namespace"])
        else:
            in_namespace = other["namespace"] == self.namespace
        return in_namespace and selects(peer.get("podSelector", {}), other["labels"])

    def rule_allows(self, rule, key, other, port, ports):
        peers, wanted = rule.get(key), rule.get("ports")
        peer = peers is None or any(self.peer_matches(one, other) for one in peers)
        return peer and (wanted is None or any(ports.get(one["port"], one["port"]) == port for one in wanted))

    def allows(self, direction, own, other, port, ports):
        applying = [
            policy["spec"]
            for policy in self.policies
            if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], own["labels"])
        ]
        # No policy: all is allowed. Some: what any of them allows.
        key = {"Ingress": "from", "Egress": "to"}[direction]
        rules = [rule for spec in applying for rule in spec.get(direction.lower(), [])]
        return not applying or any(self.rule_allows(rule, key, other, port, ports) for rule in rules)

    def takes(self, own, other, port):
        return self.allows("Ingress", own, other, port, own["ports"])

    def reaches(self, own, other, port):
        return self.allows("Egress", own, other, port, other.get("ports", {}))

    def connects(self, one, other, port):
        return self.reaches(one, other, port) and self.takes(other, one, port)


def neighbour(*labels):
    return {"namespace": {"kubernetes.io/metadata.name": "shop"} | {label: "true" for label in labels}, "labels": {}}


class Servers(unittest.TestCase):
    def test_callers_reach_the_public_port_and_no_other(self):
        for name in manifests.OVERLAYS:
            cluster = Cluster(name)
            server = cluster.pod("sekisho")
            with self.subTest(overlay=name):
                self.assertTrue(cluster.takes(server, neighbour("sekisho-client"), 8080))
                self.assertFalse(cluster.takes(server, neighbour("sekisho-client"), 9090))
                self.assertTrue(cluster.takes(server, neighbour("sekisho-metrics"), 9090))
                self.assertFalse(cluster.takes(server, neighbour("sekisho-metrics"), 8080))
                for port in (8080, 9090):
                    self.assertFalse(cluster.takes(server, neighbour(), port))
                    self.assertFalse(cluster.takes(server, ANYWHERE, port))

    def test_servers_reach_their_stores_and_mail_and_nothing_else(self):
        stores = {"dev": set(), "single": {465, 587}}
        for name in manifests.OVERLAYS:
            cluster = Cluster(name)
            server = cluster.pod("sekisho")
            wanted = stores.get(name, {5432, 6379, 26379, 465, 587})
            with self.subTest(overlay=name):
                self.assertTrue(cluster.reaches(server, DNS, 53))
                for port in (22, 25, 53, 80, 443, 465, 587, 5432, 6379, 8080, 26379):
                    self.assertEqual(cluster.reaches(server, ANYWHERE, port), port in wanted, port)

    def test_a_migration_reaches_the_database_only(self):
        cluster = Cluster("production")
        job = cluster.pod("sekisho-migrate", "Job")
        self.assertTrue(cluster.reaches(job, DNS, 53))
        self.assertTrue(cluster.reaches(job, ANYWHERE, 5432))
        for port in (6379, 465, 443):
            self.assertFalse(cluster.reaches(job, ANYWHERE, port))
        self.assertFalse(cluster.takes(job, neighbour("sekisho-client", "sekisho-metrics"), 8080))

    def test_a_pod_that_nobody_knows_is_shut_in(self):
        for name in manifests.OVERLAYS:
            cluster = Cluster(name)
            stranger = {"namespace": cluster.namespace, "labels": {"app": "other"}, "ports": {}}
            with self.subTest(overlay=name):
                self.assertFalse(cluster.reaches(stranger, ANYWHERE, 443))
                self.assertFalse(cluster.reaches(stranger, DNS, 53))
                self.assertFalse(cluster.takes(stranger, neighbour("sekisho-client"), 8080))


class Proxies(unittest.TestCase):
    def test_they_reach_sekisho_and_callers_reach_them(self):
        for name, proxy, port in [("gateway", "sekisho-grpc-gateway", 8081), ("envoy", "sekisho-envoy", 8000)]:
            cluster = Cluster(name)
            own, server = cluster.pod(proxy), cluster.pod("sekisho")
            with self.subTest(overlay=name):
                self.assertTrue(cluster.connects(own, server, 8080))
                self.assertFalse(cluster.connects(own, server, 9090))
                self.assertFalse(cluster.reaches(own, ANYWHERE, 443))
                self.assertTrue(cluster.takes(own, neighbour("sekisho-client"), port))
                self.assertFalse(cluster.takes(own, neighbour(), port))

    def test_envoy_reaches_siblings_and_its_metrics_are_reached(self):
        cluster = Cluster("envoy")
        envoy = cluster.pod("sekisho-envoy")
        self.assertTrue(cluster.reaches(envoy, neighbour("sekisho-sibling"), 8080))
        self.assertFalse(cluster.reaches(envoy, neighbour(), 8080))
        self.assertTrue(cluster.takes(envoy, neighbour("sekisho-metrics"), 9902))
        self.assertFalse(cluster.takes(envoy, neighbour("sekisho-client"), 9902))

    def test_a_gateway_made_in_the_namespace_reaches_sekisho(self):
        cluster = Cluster("gateway-api")
        labels = {"gateway.networking.k8s.io/gateway-name": "sekisho"}
        made = {"namespace": cluster.namespace, "labels": labels, "ports": {}}
        self.assertTrue(cluster.connects(made, cluster.pod("sekisho"), 8080))
        self.assertFalse(cluster.connects(made, cluster.pod("sekisho"), 9090))

    def test_routes_lead_to_a_port_of_the_service(self):
        items = overlay("gateway-api")
        (route,) = of_kind(items, "HTTPRoute", "GRPCRoute")
        for route in [route]:
            for rule in route["spec"]["rules"]:
                for backend in rule["backendRefs"]:
                    service = named(items, "Service", backend["name"])
                    self.assertIn(backend["port"], [port["port"] for port in service["spec"]["ports"]])

    def test_what_is_for_services_is_not_reached_from_outside(self):
        (route,) = of_kind(overlay("gateway-api"), "HTTPRoute")
        reached = [match["path"]["value"] for rule in route["spec"]["rules"] for match in rule["matches"]]
        for protos in (manifests.ROOT / "proto/sekisho/v1").glob("*.proto"):
            text = protos.read_text()
            paths = re.findall(r'(?:get|post|put|delete|patch): "([^"]+)"', text)
            paths += [f"/sekisho.v1.{name}" for name in re.findall(r"^service (\w+)", text, re.MULTILINE)]
            for path in paths:
                inside = re.match(r"/api/v1/admin/|/sekisho.v1.(Admin|Token)Service", path)
                is_reached = any(path == prefix or path.startswith(f"{prefix}/") for prefix in reached)
                with self.subTest(path=path):
                    self.assertEqual(is_reached, inside is None)
        (policy,) = [one for one in manifests.resources("mesh/istio") if one["metadata"]["name"] == "sekisho"
                     and one["kind"] == "AuthorizationPolicy"]
        hidden = policy["spec"]["rules"][1]["to"][0]["operation"]["notPaths"]
        self.assertEqual(hidden, ["/sekisho.v1.AdminService/*", "/api/v1/admin/*"])

    def test_traces_leave_with_the_component_alone(self):
        collector = {"namespace": {"kubernetes.io/metadata.name": "observability"}, "labels": {}}
        for components, goes in [((), False), (("otlp",), True)]:
            cluster = Cluster("production", *components)
            self.assertEqual(cluster.reaches(cluster.pod("sekisho"), collector, 4317), goes)


if __name__ == "__main__":
    unittest.main()
