-- The newest reading of each animal of a batch and its Kafka offsets in one step, or nothing of it.
-- KEYS[1] root. ARGV: generation, building_ms, places, then for each place: name, offset the batch
-- started from, next offset; farms, then for each: farm, newest occurred, newest received ('' none);
-- then the changes: 'put', farm, animal, collar, occurred, reading ('' = nobody's), and a 'move' has
-- behind them: taken from, event, taken by. Times in microseconds since 1970.
local root, generation = KEYS[1], ARGV[1]
local base = root .. ':' .. generation
if redis.call('GET', root .. ':current') ~= generation then
  if redis.call('GET', root .. ':building') ~= generation then return 'lost' end
  redis.call('PEXPIRE', root .. ':building', ARGV[2])
end
local at, places = 4, tonumber(ARGV[3])
for _ = 1, places do
  if (redis.call('HGET', base .. ':offsets', ARGV[at]) or '0') ~= ARGV[at + 1] then return 'lost' end
  at = at + 3
end
for place = 4, at - 1, 3 do
  redis.call('HSET', base .. ':offsets', ARGV[place], ARGV[place + 2])
end

-- numbers are compared as numbers and kept as the texts that came: Lua would round them
local function raise(key, field, value)
  if tonumber(value) > tonumber(redis.call('HGET', key, field) or '-1') then
    redis.call('HSET', key, field, value)
  end
end
local farms = tonumber(ARGV[at])
at = at + 1
for _ = 1, farms do
  raise(base .. ':farm:' .. ARGV[at], 'occurred', ARGV[at + 1])
  raise(base .. ':farm:' .. ARGV[at], 'received', ARGV[at + 2])
  redis.call('SADD', base .. ':farms', ARGV[at])
  at = at + 3
end

-- what was taken from an animal of a collar does not come back by a repeat of the upload
local function taken(farm, animal, collar)
  return base .. ':taken:' .. farm, animal .. '\0' .. collar
end
local function put(farm, animal, collar, occurred, reading)
  if reading == '' then return end
  local order = base .. ':latest_at:' .. farm
  -- of two collars at one moment the later in the log counts, at every replay
  if tonumber(occurred) >= tonumber(redis.call('ZSCORE', order, animal) or '-1') then
    redis.call('ZADD', order, occurred, animal)
    redis.call('HSET', base .. ':latest:' .. farm, animal, reading)
  end
end
local function take(farm, animal, collar, occurred, event)
  local key, field = taken(farm, animal, collar)
  raise(key, field, occurred)
  local latest = base .. ':latest:' .. farm
  local stands = redis.call('HGET', latest, animal)
  if stands and string.find(stands, '{"event_id":"' .. event .. '"', 1, true) == 1 then
    redis.call('HDEL', latest, animal)
    redis.call('ZREM', base .. ':latest_at:' .. farm, animal)
  end
end
-- a move by an older list than the collar's last is a repeat; one by the same list changes nothing
local function is_new(farm, collar, taken_by)
  local key = base .. ':moved:' .. farm
  if tonumber(taken_by) < tonumber(redis.call('HGET', key, collar) or '-1') then return false end
  redis.call('HSET', key, collar, taken_by)
  return true
end
while at <= #ARGV do
  local farm, animal, collar, occurred, reading = unpack(ARGV, at + 1, at + 5)
  if ARGV[at] == 'put' then
    local key, field = taken(farm, animal, collar)
    if tonumber(occurred) > tonumber(redis.call('HGET', key, field) or '-1') then
      put(farm, animal, collar, occurred, reading)
    end
    at = at + 6
  else
    local from, event, taken_by = unpack(ARGV, at + 6, at + 8)
    if is_new(farm, collar, taken_by) then
      take(farm, from, collar, occurred, event)
      put(farm, animal, collar, occurred, reading)
    end
    at = at + 9
  end
end
return 'applied'
