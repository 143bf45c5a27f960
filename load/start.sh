#!/usr/bin/env bash
# How long the release binary takes to its ready line and to its first answer,
# and how much memory it holds then. Five starts, each in an empty folder.
#
#   cargo build --release && load/start.sh
set -euo pipefail
binary=$(cd "$(dirname "$0")/.." && pwd)/target/release/sekisho
echo "binary: $(stat -c %s "$binary") bytes"
for _ in 1 2 3 4 5; do
  folder=$(mktemp -d)
  cd "$folder"
  start=$(date +%s%N)
  SEKISHO_LISTEN=127.0.0.1:0 SEKISHO_OPS_LISTEN=127.0.0.1:0 "$binary" dev >ready 2>log &
  server=$!
  until [ -s ready ]; do :; done
  ready=$(date +%s%N)
  address=$(grep -o '"listen":"[^"]*"' ready | cut -d '"' -f 4)
  curl -sf "http://$address/.well-known/jwks.json" >/dev/null
  answered=$(date +%s%N)
  resident=$(awk '/VmRSS/ { print $2 }' "/proc/$server/status")
  echo "ready: $(((ready - start) / 1000000)) ms, first answer: $(((answered - start) / 1000000)) ms, resident: $((resident / 1024)) MiB"
  kill "$server"
  wait "$server"
  rm -r "$folder"
done
