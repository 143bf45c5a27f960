#!/usr/bin/env bash
# Starts real servers as plain processes on free loopback ports, for tests and
# for work on this machine. Prints a URL when they are ready; ends them, and
# removes their data, when its input ends:
#
#   deploy/servers.sh postgres [OPTION…]        # until Ctrl-D; options are the server's
#   deploy/servers.sh redis [OPTION…]
#   deploy/servers.sh redis-tls [OPTION…]       # and the file of its CA on a second line
#   deploy/servers.sh redis-cluster [OPTION…]   # node1 … node6: three primaries, three replicas
#   deploy/servers.sh redis-sentinel [OPTION…]  # primary, replica1, replica2, sentinel1 … sentinel3
#   deploy/servers.sh all                       # postgres and redis, as lines of an environment
#
# Meanwhile it takes lines `ACT NAME`, and answers each with one line: `kill` and
# `freeze` a server with all its processes, `thaw` it, `start` it again on its
# port and data, or nothing but `port`. The answer is its port. A lone server has
# the name of its kind.
#
# Debian's packages are installed if they are missing and it runs as root.
set -euo pipefail
folder=$(dirname "$(realpath "$0")")
declare -A commands ports pids

install() { # packages
  if [ "$(id -u)" != 0 ]; then
    echo "missing: install Debian's $*" >&2
    exit 1
  fi
  {
    # Others that start servers may install the same.
    flock 9
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
  } 9<"$folder/servers.sh" >&2 </dev/null
}

await() { # seconds, command
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# What each kind of server says last before it answers. Asking the port could
# reach another server that was faster to take it.
is_ready() { # name
  grep -qE 'eady to accept connections|\+monitor master' "$data/$1/log"
}

has_ended() { # name
  ! kill -0 "${pids[$1]:-}" 2>/dev/null
}

is_ready_or_has_ended() { # name
  is_ready "$1" || has_ended "$1"
}

start() { # name
  : >"$data/$1/log"
  eval "${commands[$1]} >>\"\$data/$1/log\" 2>&1 &"
  pids[$1]=$!
  await 120 is_ready_or_has_ended "$1" && is_ready "$1"
}

# Starts a server on a free port, which its command calls @PORT@.
serve() { # name, command
  local name=$1
  shift
  for _ in {1..8}; do
    # Below the ports of outgoing connections, which could take one whose server
    # is down for a while; a cluster also uses the port 10000 above.
    ports[$name]=$(shuf -i 12000-22000 -n 1)
    commands[$name]=$(printf '%q ' "${@//@PORT@/${ports[$name]}}")
    if start "$name"; then return; fi
  done
  cat "$data/$name/log" >&2
  exit 1
}

# Sends a signal to a server and to the processes that it made.
signal() { # signal, name
  local pid=${pids[$2]:-} children
  kill -STOP "$pid" || return # or it could make more
  read -ra children <"/proc/$pid/task/$pid/children" || true
  kill "-$1" "$pid" "${children[@]}"
}

# Kills it as a power cut would.
end() { # name
  signal KILL "$1" && { wait "${pids[$1]}" || unset "pids[$1]"; }
} 2>/dev/null

act() { # act, name
  case $1 in
    kill) end "$2" ;;
    freeze) signal STOP "$2" ;;
    thaw) signal CONT "$2" ;;
    # What a killed PostgreSQL leaves behind may keep the first ones from starting.
    start) has_ended "$2" && await 120 start "$2" ;;
    port) ;;
    *) false ;;
  esac
}

stop() {
  # A parent that ends while a server is stopped makes the kernel send HUP, which
  # must not cut this short.
  trap '' HUP INT PIPE TERM
  for name in "${!pids[@]}"; do
    { signal CONT "$name" && kill -INT "${pids[$name]}"; } 2>/dev/null || true
  done
  await 10 all_have_ended || kill -KILL "${pids[@]}" 2>/dev/null || true
  rm -rf "$data"
}

all_have_ended() {
  # True if there is one left that can be signalled.
  ! kill -0 "${pids[@]}" 2>/dev/null
}

data=$(mktemp -d)
url=
trap stop EXIT
trap 'exit 0' HUP INT PIPE TERM
# shellcheck source=deploy/servers/postgres.sh
source "$folder/servers/postgres.sh"
# shellcheck source=deploy/servers/redis.sh
source "$folder/servers/redis.sh"
kind=${1:-}
shift || true
case $kind in
  postgres | redis | redis-tls | redis-cluster | redis-sentinel)
    "${kind//-/_}" "$@"
    echo "$url"
    ;;
  all)
    # shellcheck disable=SC2119 # Options are for one server only.
    postgres
    echo "SEKISHO_DATABASE_URL=$url"
    # shellcheck disable=SC2119
    redis
    echo "SEKISHO_REDIS_URL=$url"
    ;;
  *)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
while read -r act name; do
  if [ -n "$name" ] && [ -n "${commands[$name]:-}" ] && act "$act" "$name"; then
    echo "${ports[$name]}"
  else
    echo "cannot $act $name"
  fi
done
