#!/usr/bin/env bash
# Makes what is in the image, with or without a container engine: the Dockerfile beside this
# runs the same steps. From the root of the sources, in this order:
#
#   deploy/image/build.sh fetch            # crates and the SBOM's tool; the only step that needs a network
#   deploy/image/build.sh binary           # the program
#   deploy/image/build.sh sbom             # what it is made of, as CycloneDX
#   deploy/image/build.sh licences         # under which terms
#   deploy/image/build.sh rootfs           # all of it, laid out as in the image
#   deploy/image/build.sh all
#
# OUT says where to (target/image), PROFILE which profile (release; dev is for a quick look).
# The same sources, compiler and SOURCE_DATE_EPOCH give the same bytes, wherever they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
source=$PWD
out=$(realpath -m "${OUT:-target/image}")
profile=${PROFILE:-release}
cyclonedx=0.5.7
# The time of all files, and of the SBOM.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || true)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:?set it: there is no commit here to take it from}
export CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$out/target CARGO_TERM_COLOR=never
export LC_ALL=C TZ=UTC

cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
# Paths of this machine have no place in the binary: neither those of Rust nor those of C.
RUSTFLAGS='' CFLAGS=''
prefixes=("$source=/src" "$cargo_home=/cargo" "$out=/out" "$sysroot=/rust")
for prefix in "${prefixes[@]}"; do
  RUSTFLAGS+=" --remap-path-prefix=$prefix"
  CFLAGS+=" -ffile-prefix-map=$prefix"
done
export RUSTFLAGS CFLAGS CXXFLAGS=$CFLAGS
# The binary that a dev build makes is stripped as the other one is.
export CARGO_PROFILE_DEV_STRIP=true CARGO_PROFILE_DEV_DEBUG=false

fetch() {
  cargo fetch --locked
  if [ "$("$out/tools/bin/cargo-cyclonedx" cyclonedx --version 2>/dev/null)" != "cargo-cyclonedx-cyclonedx $cyclonedx" ]; then
    # Not by the flags of the image: they are for what is in it.
    RUSTFLAGS='' CARGO_TARGET_DIR=$out/tools/target \
      cargo install --quiet --debug --locked --root "$out/tools" "cargo-cyclonedx@$cyclonedx"
    rm -rf "$out/tools/target"
  fi
}

binary() {
  cargo build --offline --locked --profile "$profile" --bin sekisho
}

sbom() {
  local file=target.cdx
  CARGO_NET_OFFLINE=true "$out/tools/bin/cargo-cyclonedx" cyclonedx --quiet --manifest-path Cargo.toml \
    --format json --spec-version 1.5 --no-build-deps --all --override-filename "$file"
  mkdir -p "$out"
  # Its number is drawn, and its time is now: neither is in two builds the same.
  sed -e "s#$source#/src#g" -e '/^ *"serialNumber": /d' \
    -e "s/\(\"timestamp\": \)\"[^\"]*\"/\1\"$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)\"/" \
    "$file.json" >"$out/sekisho.cdx.json"
  # One beside each member's manifest.
  rm -f "$file.json" "interceptor/$file.json"
}

# What the program is linked from, as lines `NAME VERSION`.
linked() {
  cargo tree --offline --locked --package sekisho --edges normal,no-proc-macro --prefix none --format '{p}' |
    grep -v ' (/' | sed 's/ v/ /; s/ (.*//' | sort -u
}

licences() {
  local name version folder to=$out/licences
  rm -rf "$to"
  mkdir -p "$to"
  cp LICENSE-APACHE LICENSE-MIT "$to"
  while read -r name version; do
    folder=$(echo "$cargo_home"/registry/src/*/"$name-$version")
    mkdir "$to/$name-$version"
    # Of C that comes with a crate, in a folder below.
    (
      cd "$folder"
      find . -maxdepth 2 -type f \
        \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -iname 'unlicense*' -o -iname 'copyright*' \) \
        -exec cp --parents {} "$to/$name-$version/" \;
    )
    # Some have theirs in the repository only: the name of the licence, then.
    grep -m 1 '^license' "$folder/Cargo.toml" >"$to/$name-$version/SPDX"
  done < <(linked)
}

rootfs() {
  local to=$out/rootfs folder=$profile
  [ "$profile" != dev ] || folder=debug
  rm -rf "$to"
  mkdir -p "$to/usr/share/doc/sekisho"
  install -m 0755 "$CARGO_TARGET_DIR/$folder/sekisho" "$to/sekisho"
  install -m 0644 "$out/sekisho.cdx.json" "$to/usr/share/doc/sekisho/sekisho.cdx.json"
  cp -r "$out/licences" "$to/usr/share/doc/sekisho/licences"
  chmod 0755 "$to"
  find "$to/usr" -type d -exec chmod 0755 {} + -o -type f -exec chmod 0644 {} +
  find "$to" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

all() {
  fetch
  binary
  sbom
  licences
  rootfs
}

[ "$#" -gt 0 ] || set -- help
for step in "$@"; do
  case $step in
    fetch | binary | sbom | licences | rootfs | all) "$step" ;;
    *)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
      exit 2
      ;;
  esac
done
