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
target=${CARGO_TARGET_DIR:-$PWD/target}
previous=$target/previous
rm -rf "$previous/source"
mkdir -p "$previous/source"
git archive "$commit" | tar -x -C "$previous/source"
# Most crates are the same, and were built for the tests. Ours have the same names, and are not:
# what is built of one commit is never used for another.
build=$previous/build-$commit
if [ -d "$target/debug/deps" ] && ! [ -d "$build" ]; then
  rm -rf "$previous"/build*
  mkdir -p "$previous/build.new/debug"
  cp --archive --link "$target"/debug/{deps,build,.fingerprint} "$previous/build.new/debug/"
  find "$previous/build.new/debug" -name '*sekisho*' -prune -exec rm -rf {} +
  mv "$previous/build.new" "$build"
fi
# An example as well, so that features are those of the tests.
cargo build --locked --manifest-path "$previous/source/Cargo.toml" --target-dir "$build" \
  --workspace --bin sekisho --example greeter
export SEKISHO_TEST_PREVIOUS=$build/debug/sekisho
"$SEKISHO_TEST_PREVIOUS" --version
# As the README has it: with other packages the crates would be built anew.
cargo test --workspace --locked --test it -- upgrades::releases::
