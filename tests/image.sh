#!/usr/bin/env bash
# Makes the root file system of the image by the steps of its Dockerfile, without a container
# engine, and holds it to what the image promises. As root: it starts the program as another
# user, in a root that is read-only.
#
#   tests/image.sh                   # the release profile: twelve minutes on two cores
#   PROFILE=dev tests/image.sh
#   tests/image.sh --twice           # builds once more, in another folder: the same bytes
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/deploy/tools.sh
source tests/deploy/tools.sh
python_tools
command -v readelf >/dev/null || debian binutils
work=$root/target/image-test

# What a container engine would be given, by .dockerignore: lines of what is let in, and two
# kinds of folder that are not, wherever they are.
context() { # folder
  local let_in
  mapfile -t let_in < <(sed -n 's/^!//p' .dockerignore)
  rm -rf "$1"
  mkdir -p "$1"
  git ls-files -z --cached --others --exclude-standard -- "${let_in[@]}" | tar --create --null --files-from=- |
    tar --extract --directory="$1"
}

# The same for both: a commit may come between them.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

build() { # folder
  context "$1/context"
  OUT=$1/out "$1/context/deploy/image/build.sh" all
}

build "$work/one"
if [ "${1:-}" = --twice ]; then
  mkdir -p "$work/another/out"
  cp -r "$work/one/out/tools" "$work/another/out/"
  build "$work/another"
  diff --recursive --brief "$work/one/out/rootfs" "$work/another/out/rootfs"
  echo "both builds are the same: $(sha256sum <"$work/another/out/rootfs/sekisho")"
  rm -rf "$work/another"
fi
export IMAGE_OUT=$work/one/out IMAGE_CONTEXT=$work/one/context
PATH=$tools/venv/bin:$PATH exec "$tools/venv/bin/python" -m unittest discover --start-directory tests/image --verbose
