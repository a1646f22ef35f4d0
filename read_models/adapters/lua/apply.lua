-- Folded changes, feed and Kafka offset of one partition in one step, or nothing of it.
-- KEYS[1] root. ARGV: generation, partition, offset the batch started from, next offset, epoch,
-- epoch_since, as_of, feed_max, closed_max, closed_kept_s, building_ms; then for each change:
-- farm, position, alert_id ('' = no row), closed at ('' = open, else unix seconds), row, data.
local root, generation, partition = KEYS[1], ARGV[1], ARGV[2]
local base = root .. ':' .. generation
local is_current = redis.call('GET', root .. ':current') == generation
if not is_current then
  if redis.call('GET', root .. ':building') ~= generation then return 'lost' end
  redis.call('PEXPIRE', root .. ':building', ARGV[11])
end
if (redis.call('HGET', base .. ':offsets', partition) or '0') ~= ARGV[3] then return 'lost' end

local changed = {}
for at = 12, #ARGV, 6 do
  local farm, position, alert_id = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local closed_at, row, data = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local farm_key, feed = base .. ':farm:' .. farm, base .. ':feed:' .. farm
  local previous = redis.call('HGET', farm_key, 'position') or '0'
  if position > tonumber(previous) then -- the relay repeats itself: only what is newer counts
    if alert_id ~= '' then
      local open, closed = base .. ':open:' .. farm, base .. ':closed:' .. farm
      local order = base .. ':closed_at:' .. farm
      if closed_at == '' then
        redis.call('HSET', open, alert_id, row)
        redis.call('HDEL', closed, alert_id)
        redis.call('ZREM', order, alert_id)
      else
        redis.call('HDEL', open, alert_id)
        redis.call('HSET', closed, alert_id, row)
        redis.call('ZADD', order, closed_at, alert_id)
        local newest = redis.call('ZREVRANGE', order, 0, 0, 'WITHSCORES')[2]
        local expired = redis.call('ZRANGEBYSCORE', order, '-inf', '(' .. (newest - ARGV[10]))
        for _, id in ipairs(expired) do
          redis.call('HDEL', closed, id)
          redis.call('ZREM', order, id)
        end
        local surplus = redis.call('ZCARD', order) - ARGV[9]
        if surplus > 0 then
          for _, id in ipairs(redis.call('ZRANGE', order, 0, surplus - 1)) do
            redis.call('HDEL', closed, id)
            redis.call('ZREM', order, id)
          end
        end
      end
    end
    redis.call('XADD', feed, ARGV[at + 1] .. '-0', 'previous', previous, 'data', data)
    if redis.call('XLEN', feed) > tonumber(ARGV[8]) then
      local oldest = redis.call('XRANGE', feed, '-', '+', 'COUNT', 1)[1][1]
      redis.call('XTRIM', feed, 'MAXLEN', ARGV[8])
      -- whoever has seen this one can still resume without a gap; nobody before
      redis.call('HSET', farm_key, 'floor', string.match(oldest, '^%d+'))
    end
    redis.call('HSET', farm_key, 'position', ARGV[at + 1])
    redis.call('SADD', base .. ':farms', farm)
    changed[farm] = true
  end
end

redis.call('HSET', base .. ':offsets', partition, ARGV[4])
redis.call('HSET', base .. ':meta', 'epoch', ARGV[5], 'epoch_since', ARGV[6])
if ARGV[7] > (redis.call('HGET', base .. ':meta', 'as_of') or '') then
  redis.call('HSET', base .. ':meta', 'as_of', ARGV[7])
end
if is_current then
  for farm in pairs(changed) do redis.call('PUBLISH', root .. ':changed', farm) end
end
return 'applied'
