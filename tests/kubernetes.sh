#!/usr/bin/env bash
# Renders each overlay of deploy/kubernetes, and holds it against the schemas of Kubernetes,
# the Gateway API and Istio, against kube-score, and against the program that it starts.
# Without a cluster. SEKISHO_BINARY names a binary; without it, one is built.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/deploy/tools.sh
source tests/deploy/tools.sh
python_tools
go_tool kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
go_tool kube-score github.com/zegl/kube-score/cmd/kube-score@v1.20.0
GATEWAY_API_MODULE=$(go_module sigs.k8s.io/gateway-api@v1.5.1)
ISTIO_API_MODULE=$(go_module istio.io/api@v1.31.4)
export GATEWAY_API_MODULE ISTIO_API_MODULE
sekisho_binary
PATH=$tools/bin:$PATH exec "$tools/venv/bin/python" -m unittest discover --start-directory tests/kubernetes --verbose
