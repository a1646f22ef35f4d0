-- A new generation beside the current one. KEYS[1] root.
-- ARGV: generation, building_ms, fold_version, epoch, epoch_since. 0 if one is being built.
local root, generation = KEYS[1], ARGV[1]
if not redis.call('SET', root .. ':building', generation, 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('SADD', root .. ':generations', generation)
redis.call('HSET', root .. ':' .. generation .. ':meta',
  'fold_version', ARGV[3], 'epoch', ARGV[4], 'epoch_since', ARGV[5])
return 1
