-- Every question, against one generation in one step: a swap cannot come in between.
-- KEYS[1] root. ARGV: what, farm, more. false if no generation answers.
local root, what, farm = KEYS[1], ARGV[1], ARGV[2]
local current = redis.call('GET', root .. ':current')
if not current then return false end
local base = root .. ':' .. current
local function known(field) return redis.call('HGET', base .. ':meta', field) or '' end
local position = redis.call('HGET', base .. ':farm:' .. farm, 'position') or '0'

if what == 'open' then
  -- one text: a client reads a thousand short replies ten times as slowly
  local rows = table.concat(redis.call('HVALS', base .. ':open:' .. farm), ',')
  return { known('epoch'), position, known('as_of'), '[' .. rows .. ']' }
elseif what == 'all' then
  local rows = redis.call('HVALS', base .. ':open:' .. farm)
  for _, row in ipairs(redis.call('HVALS', base .. ':closed:' .. farm)) do
    rows[#rows + 1] = row
  end
  return { known('epoch'), position, known('as_of'), '[' .. table.concat(rows, ',') .. ']' }
elseif what == 'one' then
  local row = redis.call('HGET', base .. ':open:' .. farm, ARGV[3])
    or redis.call('HGET', base .. ':closed:' .. farm, ARGV[3])
  return { row or '' }
elseif what == 'head' then
  return { known('epoch'), position, known('as_of') }
end

-- 'changes': ARGV 3 epoch, 4 position, 5 at most so many
local epoch, since = known('epoch'), tonumber(ARGV[4])
local floor = tonumber(redis.call('HGET', base .. ':farm:' .. farm, 'floor') or '0')
-- a reader that came before the first event of all is of every history
local is_ours = ARGV[3] == epoch or (ARGV[3] == '' and since == 0)
if not is_ours or since < floor then return { epoch, 'gone' } end
return { epoch, 'kept', position,
  redis.call('XRANGE', base .. ':feed:' .. farm, '(' .. ARGV[4] .. '-0', '+', 'COUNT', ARGV[5]) }
