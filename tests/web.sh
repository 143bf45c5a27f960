#!/usr/bin/env bash
# The tests of the client for the web and of the app made of it, the latter in Chromium,
# beside the server as it is built here. Chromium comes from Debian's packages where it is
# missing and this is root. Pictures of each page are in examples/web/test-results/pages.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
  echo "missing: Node 20; the tests of clients/web and examples/web are left out" >&2
  exit 0
fi
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-noto-cjk >/dev/null
fi
cargo build --locked
export SEKISHO_BINARY=${CARGO_TARGET_DIR:-$PWD/target}/debug/sekisho
npm --prefix clients/web ci --silent
npm --prefix clients/web test
npm --prefix clients/web run build
npm --prefix examples/web ci --silent
npm --prefix examples/web run build
npm --prefix examples/web test
