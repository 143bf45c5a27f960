#!/usr/bin/env bash
# Whether what the service is made of may be in it: licences, sources and bans, by deny.toml.
# Advisories are another matter, since their database changes under a commit: docs/release.md.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
tool=${CARGO_TARGET_DIR:-target}/cargo-deny-$version
if ! [ -x "$tool/bin/cargo-deny" ]; then
  cargo install cargo-deny --version "$version" --locked --debug --quiet --root "$tool"
fi
"$tool/bin/cargo-deny" --locked check bans licenses sources
