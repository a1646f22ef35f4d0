#!/bin/sh
# One reading from the shell, and Herdlog's answer: `HOST=… PORT=1883 FARM=home COLLAR=c-17
# PASSWORD=… sh mosquitto_pub.sh`. The last line is the answer: {"boot_id":…,"seq":0}.
set -eu
boot_id=$(date +%s)
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
login="-V 5 -h $HOST -p $PORT -u $COLLAR" # without -i: a client id that nobody can guess

# shellcheck disable=SC2086  the words of $login are meant to be many
mosquitto_pub $login -P "$PASSWORD" -q 1 -t "herd/v1/$FARM/$COLLAR/readings" -m "{
  \"boot_id\": $boot_id, \"sent_at\": \"$now\", \"readings\": [{\"seq\": 0, \"time\": \"$now\",
  \"interval_s\": 300, \"temperature_c\": 38.6, \"temperature_site\": \"rumen\"}]}"

# the answer is retained, so it may be asked for afterwards; an older boot's may still stand there
for _ in 1 2 3 4 5; do
  # shellcheck disable=SC2086
  answer=$(mosquitto_sub $login -P "$PASSWORD" -q 1 -C 1 -W 2 -t "herd/v1/$FARM/$COLLAR/ack") || true
  case "$answer" in *"\"boot_id\":$boot_id,"*) echo "$answer" && exit 0 ;; esac
  sleep 1
done
echo "no answer: is the collar in the register (\`herd import\`), and the farm running?" >&2
exit 1
