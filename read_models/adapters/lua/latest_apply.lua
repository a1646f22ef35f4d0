-- The newest reading of each animal of a batch and its Kafka offsets in one step, or nothing of it.
-- KEYS[1] root. ARGV: generation, building_ms, places, then for each place: name, offset the batch
-- started from, next offset; farms, then for each: farm, newest occurred, newest received ('' none);
-- then for each animal: farm, animal, occurred, reading. Times in microseconds since 1970.
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
for animal = at, #ARGV, 4 do
  local farm, id, occurred = ARGV[animal], ARGV[animal + 1], ARGV[animal + 2]
  local order = base .. ':latest_at:' .. farm
  -- of two collars at one moment the later in the log counts, at every replay
  if tonumber(occurred) >= tonumber(redis.call('ZSCORE', order, id) or '-1') then
    redis.call('ZADD', order, occurred, id)
    redis.call('HSET', base .. ':latest:' .. farm, id, ARGV[animal + 3])
  end
end
return 'applied'
