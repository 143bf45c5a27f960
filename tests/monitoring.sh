#!/usr/bin/env bash
# The rules, their tests and the dashboard in deploy/monitoring, by a real Prometheus: it
# takes the rules, alerts come when they should and not before, and beside a server as it is
# built here it is asked each query of the rules and of the dashboard. The dashboard is held
# against Grafana's own types.
#
# Prometheus comes from Debian's packages where it is missing: unpacked into target/, and not
# installed, so that no service starts. Log and data of the servers are in target/monitoring.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$PWD/target/monitoring
schema=13.2.3 typescript=5.9.3
mkdir -p "$work"

missing=()
for command in jq curl; do command -v "$command" >/dev/null || missing+=("$command"); done
if [ "${#missing[@]}" -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi
if ! command -v promtool >/dev/null || ! command -v prometheus >/dev/null; then
  if ! [ -x "$work/prometheus/usr/bin/promtool" ]; then
    apt-get update -qq
    (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root prometheus)
    dpkg-deb --extract "$work"/prometheus_*.deb "$work/prometheus"
  fi
  PATH=$work/prometheus/usr/bin:$PATH
fi

fail() { echo "monitoring: $*" >&2; exit 1; }

cd deploy/monitoring
promtool check config prometheus.yml
promtool check rules --lint=all --lint-fatal rules/*.yaml
promtool test rules tests/*.yaml

# The dashboard is what its source makes.
jq --from-file grafana/dashboard.jq grafana/panels.json | cmp - grafana/sekisho.json ||
  fail "grafana/sekisho.json is old: jq -f dashboard.jq panels.json > sekisho.json"

# Grafana's own types refuse a field that there is not, and a value of another type.
if command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --prefix "$work/types" "@grafana/schema@$schema" "typescript@$typescript"
  {
    echo 'import type { Dashboard } from "@grafana/schema";'
    echo "export const dashboard: Dashboard = $(cat grafana/sekisho.json);"
  } >"$work/types/dashboard.ts"
  "$work/types/node_modules/.bin/tsc" --noEmit --strict --skipLibCheck --module nodenext "$work/types/dashboard.ts"
else
  echo "missing: Node; the dashboard is not held against Grafana's types" >&2
fi
cd "$root"

if [ -z "${SEKISHO_BINARY:-}" ]; then
  cargo build --locked
  SEKISHO_BINARY=${CARGO_TARGET_DIR:-$PWD/target}/debug/sekisho
fi
binary=$(realpath "$SEKISHO_BINARY")

# A server, and a Prometheus that scrapes it as the example says, but more often.
started=()
finish() {
  local process
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  wait
}
trap finish EXIT
until_true() { # what, command…
  local what=$1 attempts=300
  shift
  until "$@" >/dev/null 2>&1; do
    attempts=$((attempts - 1))
    [ "$attempts" -gt 0 ] || fail "$what"
    sleep 0.2
  done
}
rm -rf "$work/run"
mkdir -p "$work/run/rules"
cp deploy/monitoring/rules/*.yaml "$work/run/rules"
cd "$work/run"
env -i SEKISHO_LISTEN=127.0.0.1:0 SEKISHO_OPS_LISTEN=127.0.0.1:0 "$binary" dev >ready.json 2>server.log &
started+=($!)
until_true "the server does not start: $work/run/server.log" grep -q '"event":"ready"' ready.json
ops=$(jq -r .ops ready.json)
sed -e "s/127.0.0.1:9090/$ops/" -e 's/scrape_interval: 15s/scrape_interval: 1s/' \
  "$root/deploy/monitoring/prometheus.yml" >prometheus.yml
prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:0 \
  --log.format=json 2>prometheus.log &
started+=($!)
listening() { jq -rR 'fromjson? | select(.msg == "Listening on") | .address' prometheus.log | grep .; }
until_true "Prometheus does not start: $work/run/prometheus.log" listening
prometheus=http://$(listening | head -n 1)
ask() { curl -sS --max-time 10 --data-urlencode "query=$1" "$prometheus/api/v1/query"; }
is_scraped() { ask 'up{job="sekisho"} == 1' | jq -e '.data.result | length == 1'; }
until_true "the server is not scraped" is_scraped
has_all() { ask 'count({__name__=~"sekisho_.+"}) > 50' | jq -e '.data.result | length == 1'; }
until_true "hardly anything is scraped" has_all

# Every group is there, and every query is understood.
curl -sS "$prometheus/api/v1/rules" >rules.json
[ "$(jq '[.data.groups[].rules[]] | length' rules.json)" = "$(cat rules/*.yaml | grep -cE '^ +- (alert|record):')" ] ||
  fail "rules are missing"
{
  jq -c '.data.groups[].rules[].query' rules.json
  jq -c '.panels[].targets[]?.expr' "$root/deploy/monitoring/grafana/sekisho.json" |
    sed -e 's/\$__rate_interval/1m/g' -e 's/\$job/sekisho/g' -e 's/\$instance/.+/g'
} >queries
while read -r query; do
  answer=$(ask "$(jq -r . <<<"$query")")
  jq -e '.status == "success"' <<<"$answer" >/dev/null || fail "$query: $answer"
done <queries
# Those of the overview have an answer where a server has only started.
has_calls() {
  ask 'sum by (method) (rate(sekisho_calls_total{job=~"sekisho", instance=~".+"}[1m]))' |
    jq -e '.data.result | length > 20'
}
until_true "no RPC is counted" has_calls
echo "monitoring: $(wc -l <queries) queries are understood"
