# shellcheck shell=bash disable=SC2034,SC2154
# PostgreSQL, for deploy/servers.sh.

# The folder of the newest server; clients alone have one without `initdb`.
newest_tools() {
  { find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null || true; } | sort -V | tail -n 1
}

postgres() { # options
  local tools home=$data/postgres as=()
  tools=$(newest_tools)
  if [ -z "$tools" ]; then
    install postgresql
    tools=$(newest_tools)
  fi
  mkdir "$home"
  if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    chmod a+x "$data"
    chown postgres "$home"
    as=(setpriv --reuid postgres --regid postgres --init-groups)
  fi
  "${as[@]}" "$tools/initdb" --auth trust --username postgres --encoding UTF8 --locale C --no-sync "$home/db" >/dev/null
  # Nothing here has to outlive a power cut, unless an option says so.
  serve postgres "${as[@]}" "$tools/postgres" -D "$home/db" -p @PORT@ -k "$home" -c listen_addresses=127.0.0.1 \
    -c fsync=off -c max_connections=400 "$@"
  url="postgres://postgres@127.0.0.1:${ports[postgres]}/postgres"
}
