# shellcheck shell=bash
# Tools of the scripts beside this folder, at pinned versions, in target/deploy-tools. What
# is there is not fetched again.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=$root/target/deploy-tools
mkdir -p "$tools/bin"

debian() { # packages
  if [ "$(id -u)" != 0 ]; then
    echo "missing: install Debian's $*" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

python_tools() {
  python3 -c 'import venv, ensurepip' 2>/dev/null || debian python3 python3-venv
  local wanted=$root/tests/deploy/requirements.txt
  cmp -s "$wanted" "$tools/requirements.txt" && return
  python3 -m venv --clear "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$tools/requirements.txt"
}

need_go() {
  if ! command -v go >/dev/null; then
    echo "missing: Go 1.26 (https://go.dev/dl)" >&2
    exit 1
  fi
}

go_tool() { # name, package@version
  local mark=$tools/bin/$1.version
  [ "$(cat "$mark" 2>/dev/null)" = "$2" ] && return
  need_go
  GOBIN=$tools/bin go install "$2"
  echo "$2" >"$mark"
}

# The folder of a Go module.
go_module() { # module@version
  need_go
  go mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

# The binary: SEKISHO_BINARY, or a debug build.
sekisho_binary() {
  if [ -z "${SEKISHO_BINARY:-}" ]; then
    (cd "$root" && cargo build --quiet --locked --bin sekisho)
    SEKISHO_BINARY=${CARGO_TARGET_DIR:-$root/target}/debug/sekisho
  fi
  export SEKISHO_BINARY
}
