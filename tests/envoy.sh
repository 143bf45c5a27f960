#!/usr/bin/env bash
# Starts a real Envoy with the configuration of deploy/envoy, before a real `sekisho serve`, and
# calls through it: REST, gRPC, gRPC-Web, transcoded REST, and services beside Sekisho.
# SEKISHO_BINARY names a binary; without it, one is built. All of it on 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/deploy/tools.sh
source tests/deploy/tools.sh
python_tools
sekisho_binary
# A server whose clock is behind makes tokens that have expired.
library() { find /usr/lib -name libfaketime.so.1 | head -n 1; }
[ -n "$(library)" ] || debian libfaketime
FAKETIME_LIBRARY=$(library)
export FAKETIME_LIBRARY
PATH=$tools/venv/bin:$PATH exec "$tools/venv/bin/python" -m unittest discover --start-directory tests/envoy --verbose
