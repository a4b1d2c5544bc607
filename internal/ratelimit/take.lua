-- Takes tokens for some messages, each of which needs one token of one or more buckets. Redis runs a script as one step, so that all workers share
-- the buckets without a race.
--
-- KEYS[i]  bucket i: the moment at which it is full again, and the end of its line
-- ARGV     the number of asks; for each bucket: rate (tokens a second), burst, reserve (tokens that must stay), unknown (tokens of a bucket that Redis
--          does not know), lines (1: whoever gets none is given a moment in line), opens (microseconds from now before which it gives nothing);
--          for each ask: messages, again (1: they stood in line before), how many buckets they need, and which
-- returns  for each ask: granted, put in line, microseconds until the first of these is to come back; microseconds until a bucket without a line gives again
--
-- Times are microseconds of Redis's own clock, so that workers' clocks do not matter. Lua's numbers would lose digits as they become text: "%.3f".
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local kept = redis.call('MGET', unpack(KEYS))

local buckets = {}
local at = 2
for i = 1, #KEYS do
  local b = {
    gap = 1000000 / tonumber(ARGV[at]), burst = tonumber(ARGV[at + 1]), reserve = tonumber(ARGV[at + 2]),
    lines = ARGV[at + 4] == '1', opens = tonumber(ARGV[at + 5]), unknown = tonumber(ARGV[at + 3]),
  }
  local full, back
  if kept[i] then
    full, back = string.match(kept[i], '^(%S+) (%S+)$')
  end
  b.full = math.max(tonumber(full) or now + (b.burst - b.unknown) * b.gap, now)
  b.changed = not kept[i] and b.unknown < b.burst -- it fills from now on, whether or not anybody gets something
  b.back = math.max(tonumber(back) or now, now + b.opens)
  if b.full <= now and b.opens == 0 then -- nobody came for a while: whoever stood in line has gone
    b.back = now
  end
  buckets[i] = b
  at = at + 6
end

local function tokens(b) return b.burst - (b.full - now) / b.gap end

-- available is what the bucket gives now. Newcomers do not overtake a line whose tokens are being taken.
local function available(b, again)
  local t = tokens(b)
  if b.opens > 0 or b.lines and not again and b.back > now + 2 * b.gap and t < b.burst / 2 then
    return 0
  end
  return math.max(0, math.floor(t - b.reserve + 1e-6))
end

local answer = {}
local dry = 0
for _ = 1, tonumber(ARGV[1]) do
  local wanted, again, n = tonumber(ARGV[at]), ARGV[at + 1] == '1', tonumber(ARGV[at + 2])
  local mine, may, short = {}, wanted, nil
  for k = 1, n do
    local b = buckets[tonumber(ARGV[at + 2 + k])]
    mine[k] = b
    if b.lines then
      local a = available(b, again)
      if a < may then
        may, short = a, b
      end
    end
  end
  at = at + 3 + n

  local granted = may
  for _, b in ipairs(mine) do
    if not b.lines then
      local a = available(b, again)
      if a < granted then
        granted = a
        b.dry = true
      end
    end
  end
  for _, b in ipairs(mine) do
    b.full = b.full + granted * b.gap
    b.changed = b.changed or granted > 0
  end

  local lined, first = wanted - may, 0
  if lined > 0 then
    local next = now + math.max(0, short.reserve + 1 - tokens(short)) * short.gap
    first = math.max(short.back, next)
    short.back = first + lined * short.gap
    short.changed = true
  end
  answer[#answer + 1] = granted
  answer[#answer + 1] = lined
  answer[#answer + 1] = math.ceil(first > 0 and first - now or 0)
end

for i, b in ipairs(buckets) do
  if b.dry then
    dry = math.max(dry, math.ceil(math.max(b.opens, (b.reserve + 1 - tokens(b)) * b.gap)))
  end
  if b.changed then
    -- Kept for as long as it differs from an unknown one: a bucket that starts full needs no memory once it is full and nobody stands in line.
    local keep = math.max(b.full, b.back) - now + (b.unknown >= b.burst and 1000000 or 86400000000)
    redis.call('SET', KEYS[i], string.format('%.3f %.3f', b.full, b.back), 'PX', math.ceil(keep / 1000))
  end
end
answer[#answer + 1] = dry
return answer
