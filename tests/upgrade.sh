#!/usr/bin/env bash
# The release before and this one on one database: side by side, after an upgrade, and on
# the way back. Builds the former from the history, in target/previous; the file
# tests/previous-release names its commit.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(grep -v '^#' tests/previous-release)
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
  echo "the release before ($commit) is not in this clone: git fetch --unshallow, or" >&2
  echo "git fetch origin $commit; nothing was tested" >&2
  exit 1
fi
previous=${CARGO_TARGET_DIR:-$PWD/target}/previous
rm -rf "$previous/source"
mkdir -p "$previous/source"
git archive "$commit" | tar -x -C "$previous/source"
cargo build --locked --manifest-path "$previous/source/Cargo.toml" --target-dir "$previous/build" --bin sekisho
export SEKISHO_TEST_PREVIOUS=$previous/build/debug/sekisho
"$SEKISHO_TEST_PREVIOUS" --version
# As the README has it: with other packages the crates would be built anew.
cargo test --workspace --locked --test it -- upgrades::releases::
