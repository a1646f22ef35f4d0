-- Remove a generation that neither answers nor is being built. KEYS[1] root. ARGV: generation.
local root, generation = KEYS[1], ARGV[1]
if redis.call('GET', root .. ':current') == generation then return 0 end
if redis.call('GET', root .. ':building') == generation then return 0 end
local base = root .. ':' .. generation
for _, farm in ipairs(redis.call('SMEMBERS', base .. ':farms')) do
  for _, part in ipairs({ 'farm', 'feed', 'open', 'closed', 'closed_at', 'latest', 'latest_at',
      'moved', 'taken' }) do
    redis.call('UNLINK', base .. ':' .. part .. ':' .. farm)
  end
end
redis.call('UNLINK', base .. ':farms', base .. ':offsets', base .. ':meta')
redis.call('SREM', root .. ':generations', generation)
return 1
