#!/bin/bash
# A broker of the image apache/kafka, on our own settings: laid out on the first start, then run.
set -euo pipefail

settings=/tmp/server.properties
sed "s/@NODE_ID@/${NODE_ID:?}/g" /etc/herd/server.properties >"$settings"
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted \
  --cluster-id "$(cat /run/secrets/kafka_cluster_id)" --config "$settings"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
