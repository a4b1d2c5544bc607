-- Takes tokens from one bucket. Redis runs a script as one step, so that all workers share the bucket without a race.
--
-- KEYS[1]  the bucket: a hash of t (tokens) and at (microseconds)
-- ARGV     rate (tokens a second), burst, reserve (tokens that must stay), wanted
-- returns  granted, microseconds until one more token can be taken
--
-- The clock is Redis's own (TIME), so that workers' clocks do not matter. Lua's numbers would lose digits as they become text: "%.17g".
local rate, burst, reserve, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local tokens = tonumber(redis.call('HGET', KEYS[1], 't') or 1)
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or now)
if now > at then
  tokens = tokens + (now - at) * rate / 1000000
end
tokens = math.min(tokens, burst)

local granted = math.max(0, math.min(wanted, math.floor(tokens - reserve + 1e-9)))
tokens = tokens - granted
local wait = 0
if granted < wanted then
  wait = math.ceil((reserve + 1 - tokens) * 1000000 / rate)
end

redis.call('HSET', KEYS[1], 't', string.format('%.17g', tokens), 'at', string.format('%.17g', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 60000) -- long full by then
return {granted, wait}
