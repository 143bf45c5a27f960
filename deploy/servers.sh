#!/usr/bin/env bash
# Starts a real server as a plain process on a free loopback port, for tests and
# for work on this machine. Prints its URL when it is ready, and ends it, and
# removes its data, when its input ends:
#
#   deploy/servers.sh postgres          # until Ctrl-D
#
# Debian's packages are installed if they are missing and it runs as root.
set -euo pipefail

install() { # packages
  if [ "$(id -u)" != 0 ]; then
    echo "missing: install Debian's $*" >&2
    exit 1
  fi
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } >&2 </dev/null
}

# The folder of the newest server; clients alone have one without `initdb`.
newest_tools() {
  { find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null || true; } | sort -V | tail -n 1
}

postgres() {
  local tools
  tools=$(newest_tools)
  if [ -z "$tools" ]; then
    install postgresql
    tools=$(newest_tools)
  fi
  local as=()
  if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres "$data"
    as=(setpriv --reuid postgres --regid postgres --init-groups)
  fi
  "${as[@]}" "$tools/initdb" --auth trust --username postgres --encoding UTF8 --locale C --no-sync "$data/db" >/dev/null
  for _ in 1 2 3 4 5 6 7 8; do
    port=$(shuf -i 20000-60000 -n 1)
    # Nothing here has to outlive a power cut.
    "${as[@]}" "$tools/postgres" -D "$data/db" -p "$port" -k "$data" -c listen_addresses=127.0.0.1 \
      -c fsync=off -c max_connections=400 >"$data/log" 2>&1 3>&- &
    server=$!
    while kill -0 "$server" 2>/dev/null; do
      if "$tools/pg_isready" -q -h 127.0.0.1 -p "$port"; then
        echo "postgres://postgres@127.0.0.1:$port/postgres"
        return
      fi
      sleep 0.05
    done
  done
  cat "$data/log" >&2
  exit 1
}

stop() {
  if [ -n "${server:-}" ]; then
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$data"
}

data=$(mktemp -d)
trap stop EXIT
trap 'exit 0' INT TERM
case "${1:-}" in
  postgres) postgres ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
# Not `read`, which a line would end.
cat >/dev/null
