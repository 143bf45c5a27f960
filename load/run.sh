#!/usr/bin/env bash
# Measures the release build on real servers of its own, on 127.0.0.1. Each run
# ends by itself, and with it all that it started.
#
#   load/run.sh refresh [--rounds N] [--seconds N]   # beside a bare handler, a textbook design in Node, and Redis
#   load/run.sh traces [--rounds N] [--seconds N]    # refreshes while their traces are sent to a collector
#   load/run.sh rpc [--replicas N] [--callers N] [--calls N] [--cost N] [--only NAME]   # each RPC, at half load and at full: for docs/sizing.md
#   load/run.sh start [--starts N]                   # to the ready line, to the first answer, and memory when idle, on each stack
#   load/run.sh memory                               # bytes of a session in Redis
#   load/run.sh growth [--store redis|postgres|sqlite] [--sessions N,N,…]
#   load/run.sh propagation                          # from a logout to its refusal by siblings
#   load/run.sh enumeration [--samples N|--full] [--cost N]   # do answers tell who has an account? fails if their bytes do
#   load/run.sh guesses [--guesses N]                # of one code at the same moment: fails if more than 5 are looked at
#
# Attacks, beside honest callers before, during and after; memory at most:
#
#   load/run.sh spraying [--accounts N] [--seconds N]              # one password on many accounts: fails if a network gets more than its limit
#   load/run.sh rapid-reset [--connections N] [--seconds N]        # CVE-2023-44487
#   load/run.sh slow-clients [--clients N] [--seconds N]           # beginnings, headers and bodies, a byte a second
#   load/run.sh idle-connections [--connections N] [--seconds N]   # kept, and nothing asked on them
#
# PostgreSQL and Redis are found, or installed, by deploy/servers.sh. Without Node
# the textbook design is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
# SEKISHO_LOAD_PROFILE=dev is for whoever works on what measures: its figures mean nothing.
profile=${SEKISHO_LOAD_PROFILE:-release}
cargo build --profile "$profile" --locked --bin sekisho --example load
target=${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}
if [ "${1:-}" = refresh ]; then
  # It comes with the server, which this installs.
  command -v redis-benchmark >/dev/null || deploy/servers.sh redis </dev/null >/dev/null
  if command -v npm >/dev/null; then
    npm ci --prefix load/textbook --silent
  else
    echo "missing: node and npm; the textbook design is left out" >&2
  fi
fi
exec "$target/examples/load" "$@"
