-- Let a finished generation answer. KEYS[1] root. ARGV: generation, then partition, end, …
-- 'behind' while the current one has folded more of what the log still holds.
local root, generation = KEYS[1], ARGV[1]
if redis.call('GET', root .. ':building') ~= generation then return 'lost' end
local current = redis.call('GET', root .. ':current')
if current then
  for at = 2, #ARGV, 2 do
    local theirs = tonumber(redis.call('HGET', root .. ':' .. current .. ':offsets', ARGV[at]) or 0)
    local ours = tonumber(redis.call('HGET', root .. ':' .. generation .. ':offsets', ARGV[at]) or 0)
    if ours < math.min(theirs, tonumber(ARGV[at + 1])) then return 'behind' end
  end
end
redis.call('SET', root .. ':current', generation)
redis.call('DEL', root .. ':building')
return 'swapped'
