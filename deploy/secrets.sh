#!/bin/bash
# Makes every secret and certificate of the deployment, once; what is there already is kept.
#
#   deploy/secrets.sh PUBLIC_NAME        the name or address that collars and people connect to
#
# All of it lands in deploy/secrets (or $SECRETS), a directory for its owner alone. Its files can be
# read by anybody who gets at them, because in their containers servers run as users of many numbers.
# ca.key signs certificates: move it off this host once everything is made.
set -euo pipefail
umask 077

public=${1:?say the name or address that collars and people connect to}
directory=${SECRETS:-$(dirname "$0")/secrets}
days=825
mkdir -p "$directory"
cd "$directory"

password() { openssl rand -hex 24; }
# put NAME: what comes in, unless NAME is there
put() { if [ -e "$1" ]; then cat >/dev/null; else cat >"$1"; fi; }
# role PASSWORD_FILE: the password of somebody, made once
role() { password | put "$1"; cat "$1"; }
alternatives() { case "$1" in *[!0-9.]*) echo "DNS:$1" ;; *) echo "IP:$1" ;; esac; }

# certificate NAME COMMON_NAME ALTERNATIVES USAGE
certificate() {
  [ -e "$1.crt" ] && return
  [ -e ca.key ] || { echo "ca.key is not here: bring it back to sign $1.crt" >&2; exit 1; }
  rm -f "$1.key" "$1.pem" # a new certificate, a new key; what was made of the old one goes
  openssl req -newkey rsa:3072 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$3" "$4" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" \
    -extfile "$1.ext" -out "$1.crt" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

if [ ! -e ca.crt ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -keyout ca.key -out ca.crt -days 3650 \
    -subj "/CN=herdlog" -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
fi
own=DNS:localhost,IP:127.0.0.1
certificate kafka broker "DNS:kafka-1,DNS:kafka-2,DNS:kafka-3,$own" serverAuth,clientAuth
certificate admin admin "$own" clientAuth
certificate mqtt mqtt "DNS:mqtt,$own,$(alternatives "$public")" serverAuth
certificate api api "DNS:api,$own,$(alternatives "$public")" serverAuth
cat kafka.key kafka.crt | put kafka.pem
cat mqtt.key mqtt.crt | put mqtt.pem
head -c 16 /dev/urandom | base64 | tr '+/' 'Ab' | tr -d '=\n' | put kafka_cluster_id

for service in gateway clock pipeline herdbook alerts read_models; do
  password | put "herd_${service}_kafka_password"
done
registry=$(role kafka_password_registry)
put registry.properties <<END
listeners=http://0.0.0.0:8081
host.name=registry
kafkastore.bootstrap.servers=SASL_SSL://kafka-1:9092,SASL_SSL://kafka-2:9092,SASL_SSL://kafka-3:9092
kafkastore.security.protocol=SASL_SSL
kafkastore.sasl.mechanism=SCRAM-SHA-512
kafkastore.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="registry" password="$registry";
kafkastore.ssl.truststore.type=PEM
kafkastore.ssl.truststore.location=/run/secrets/ca.crt
kafkastore.topic=_schemas
kafkastore.topic.replication.factor=3
schema.compatibility.level=full_transitive
END

owner=$(role postgres_password)
printf 'postgresql://herd:%s@postgres:5432/herd' "$owner" | put herd_provision_postgres_dsn
for service in herdbook alerts api read_models; do
  printf 'postgresql://%s:%s@postgres:5432/herd' "$service" "$(password)" |
    put "herd_${service}_postgres_dsn"
done

redis=$(role redis_password)
put redis.conf <<END
requirepass $redis
appendonly yes
appendfsync everysec
maxmemory 1gb
maxmemory-policy noeviction
save ""
END
clickhouse=$(role clickhouse_password)
put clickhouse_users.xml <<END
<clickhouse><users>
 <default remove="remove"/>
 <herd>
  <password_sha256_hex>$(printf %s "$clickhouse" | sha256sum | cut -d' ' -f1)</password_sha256_hex>
  <networks><ip>::/0</ip></networks>
  <profile>default</profile><quota>default</quota>
 </herd>
</users></clickhouse>
END
for service in api read_models; do
  printf 'redis://:%s@redis:6379/0' "$redis" | put "herd_${service}_redis_url"
  printf 'http://herd:%s@clickhouse:8123' "$clickhouse" | put "herd_${service}_clickhouse_url"
done

password | put herd_gateway_mqtt_password
password | put herd_clock_probe_password
password | put mqtt_admin_password
printf 'gateway-%s' "$(openssl rand -hex 16)" | put herd_gateway_mqtt_share_group
printf '["%s"]' "$public" | put herd_api_allowed_hosts # no secret, but said in one place
password | put owner_token
password | put grafana_admin_password

chmod 0444 -- *
chmod 0400 -- *.key
chmod 0444 admin.key api.key # read in containers; the others are in the .pem files, or stay here
chmod 0700 .
echo "all secrets are in $(pwd)"
