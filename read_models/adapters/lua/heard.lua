-- Everything up to as_of is folded. KEYS[1] root.
-- ARGV: generation, as_of, building_ms, then partition, offset, … as the projector knows them.
local root, generation = KEYS[1], ARGV[1]
if redis.call('GET', root .. ':current') ~= generation then
  if redis.call('GET', root .. ':building') ~= generation then return 'lost' end
  redis.call('PEXPIRE', root .. ':building', ARGV[3])
end
local base = root .. ':' .. generation
-- a Redis that lost its newest second on a quiet night would otherwise be called up to date
for at = 4, #ARGV, 2 do
  if (redis.call('HGET', base .. ':offsets', ARGV[at]) or '0') ~= ARGV[at + 1] then return 'lost' end
end
if ARGV[2] > (redis.call('HGET', base .. ':meta', 'as_of') or '') then
  redis.call('HSET', base .. ':meta', 'as_of', ARGV[2])
end
return 'applied'
