# shellcheck shell=bash disable=SC2034,SC2154
# Redis alone, with TLS, as a cluster and behind sentinels, for deploy/servers.sh.

# Debian's redis-tools hold the server too, under another name. The package
# redis-server would add a service to the machine.
find_redis() {
  if ! command -v redis-cli >/dev/null || ! { command -v redis-server || command -v redis-check-rdb; } >/dev/null; then
    install redis-tools
  fi
  redis_server=$(command -v redis-server) || {
    redis_server=$data/redis-server
    ln -sf "$(command -v redis-check-rdb)" "$redis_server"
  }
}

# Into the file goes what Redis may change itself.
serve_redis() { # name, text of the file, options
  local name=$1 file=$data/$1/redis.conf
  mkdir "$data/$name"
  echo "$2" >"$file"
  shift 2
  serve "$name" "$redis_server" "$file" --dir "$data/$name" --port @PORT@ --bind 127.0.0.1 --save '' \
    --appendonly yes --appendfsync everysec --maxmemory-policy noeviction \
    --repl-diskless-sync-delay 0 --shutdown-timeout 0 "$@"
}

# The addresses of servers with these names, with something between them.
addresses() { # between, names
  local between=$1 list=
  shift
  for name in "$@"; do
    list+=${list:+$between}127.0.0.1:${ports[$name]}
  done
  echo "$list"
}

says() { # name, two words of a command, pattern of a line of its answer
  redis-cli -p "${ports[$1]}" "$2" "$3" | tr -d '\r' | grep -qx "$4"
}

redis() { # options
  find_redis
  serve_redis redis '' "$@"
  url="redis://127.0.0.1:${ports[redis]}"
}

redis_tls() { # options
  find_redis
  command -v openssl >/dev/null || install openssl
  local password certificates=$data/certificates
  password=$(openssl rand -hex 16)
  mkdir "$certificates"
  make_certificates "$certificates" 2>/dev/null
  serve_redis redis-tls "user default off
user sekisho on >$password ~* &* +@all" \
    --port 0 --tls-port @PORT@ --bind 127.0.0.1 -::1 --tls-auth-clients no --tls-ca-cert-file "$certificates/ca.pem" \
    --tls-cert-file "$certificates/server.pem" --tls-key-file "$certificates/server.key" "$@"
  url="rediss://sekisho:$password@localhost:${ports[redis-tls]}"$'\n'"$certificates/ca.pem"
}

make_certificates() { # folder
  local new=(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30)
  "${new[@]}" -subj '/CN=test CA' -keyout "$1/ca.key" -out "$1/ca.pem"
  "${new[@]}" -subj /CN=localhost -keyout "$1/server.key" -out "$1/server.pem" -CA "$1/ca.pem" -CAkey "$1/ca.key" \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE
}

redis_cluster() { # options
  find_redis
  local nodes=(node1 node2 node3 node4 node5 node6) list
  for node in "${nodes[@]}"; do
    serve_redis "$node" '' --cluster-enabled yes --cluster-node-timeout 5000 "$@"
  done
  read -ra list < <(addresses ' ' "${nodes[@]}")
  redis-cli --cluster create "${list[@]}" --cluster-replicas 1 --cluster-yes >"$data/create.log" || {
    cat "$data/create.log" >&2
    exit 1
  }
  for node in "${nodes[@]}"; do
    await 120 says "$node" cluster info cluster_state:ok
  done
  for node in node4 node5 node6; do
    await 120 says "$node" info replication master_link_status:up
  done
  url="redis-cluster://127.0.0.1:${ports[node1]}?node=$(addresses '&node=' node2 node3)"
}

redis_sentinel() { # options
  find_redis
  serve_redis primary '' "$@"
  for replica in replica1 replica2; do
    serve_redis "$replica" "replicaof 127.0.0.1 ${ports[primary]}" "$@"
    await 120 says "$replica" info replication master_link_status:up
  done
  for sentinel in sentinel1 sentinel2 sentinel3; do
    mkdir "$data/$sentinel"
    cat >"$data/$sentinel/sentinel.conf" <<END
sentinel monitor sekisho 127.0.0.1 ${ports[primary]} 2
sentinel down-after-milliseconds sekisho 5000
sentinel failover-timeout sekisho 3000
END
    serve "$sentinel" "$redis_server" "$data/$sentinel/sentinel.conf" --sentinel --dir "$data/$sentinel" --port @PORT@ \
      --bind 127.0.0.1
  done
  for sentinel in sentinel1 sentinel2 sentinel3; do
    await 120 knows_all "$sentinel"
  done
  url="redis-sentinel://127.0.0.1:${ports[sentinel1]}?node=$(addresses '&node=' sentinel2 sentinel3)&sentinelServiceName=sekisho"
}

knows_all() { # sentinel
  says "$1" info sentinel 'master0:.*status=ok,.*slaves=2,sentinels=3'
}
