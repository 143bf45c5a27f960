#!/usr/bin/env bash
# Has schemathesis ask a running server everything that its OpenAPI document permits, and
# much that it does not. Fails on a status, content type, header or body that the document
# does not know, and on a 5xx.
#
#   tests/schemathesis.sh URL TOKEN [options of `schemathesis run`]
#
# It is installed into target/, at this version; Python comes from Debian's packages where
# it is missing and this is root.
set -euo pipefail
url=$1 token=$2
shift 2
version=4.32.5
home=$(cd "$(dirname "$0")/.." && pwd)/target/schemathesis-$version
mkdir -p "${home%/*}"
# One installs, and others wait.
exec 9>"$home.lock"
flock 9
if ! [ -x "$home/bin/schemathesis" ]; then
  rm -rf "$home.new"
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "missing: python3 with venv" >&2; exit 1; }
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  fi
  python3 -m venv "$home.new"
  "$home.new/bin/pip" install --quiet "schemathesis==$version"
  # Scripts name the folder that they were installed in.
  sed -i "s#$home\.new#$home#" "$home.new"/bin/*
  mv "$home.new" "$home"
fi
flock --unlock 9
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
"$home/bin/schemathesis" run "$url/openapi.json" --header "authorization: Bearer $token" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
  --suppress-health-check too_slow --phases examples,coverage,fuzzing --workers 1 --seed 1 --no-color --continue-on-failure "$@"
