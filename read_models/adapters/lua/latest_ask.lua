-- What is known of a farm's newest readings, from one generation. KEYS[1] root.
-- ARGV: 'pulse', farm, span in microseconds | 'all', farm, place of its readings.
-- false if no generation answers.
local root, what, farm = KEYS[1], ARGV[1], ARGV[2]
local current = redis.call('GET', root .. ':current')
if not current then return false end
local base = root .. ':' .. current
if what == 'pulse' then
  local order = base .. ':latest_at:' .. farm
  local newest = redis.call('HMGET', base .. ':farm:' .. farm, 'occurred', 'received')
  local heard = 0
  if newest[1] then
    local since = string.format('%.0f', tonumber(newest[1]) - tonumber(ARGV[3]))
    heard = redis.call('ZCOUNT', order, since, '+inf')
  end
  return { newest[1] or '', newest[2] or '', heard }
end
-- one text: a client reads a thousand short replies ten times as slowly
local rows = table.concat(redis.call('HVALS', base .. ':latest:' .. farm), ',')
return { redis.call('HGET', base .. ':offsets', ARGV[3]) or '0', '[' .. rows .. ']' }
