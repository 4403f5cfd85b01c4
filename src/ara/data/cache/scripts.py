"""What Redis does in one step, in its own language: nothing of another program's keys is read or written.

Beside the values stand, all under the same prefix: `@ends` and `@used`, names by the moment at which they end and at
which they were last used; `@sizes`, bytes by name; `@total`, bytes of all; `@version:SYMBOL`, raised at each drop.
"""

from typing import Final

__all__ = ["DROP", "PUT", "RELEASE", "RENEW"]

_FORGET: Final = """
local function forget(name)
  local size = tonumber(redis.call('HGET', '{p}@sizes', name) or '0')
  redis.call('HDEL', '{p}@sizes', name)
  redis.call('ZREM', '{p}@ends', name)
  redis.call('ZREM', '{p}@used', name)
  redis.call('DECRBY', '{p}@total', size)
end
"""

PUT: Final = (
    _FORGET
    + """
local name, value, milliseconds, budget = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if (redis.call('GET', '{p}@version:') or '') ~= ARGV[4] or (redis.call('GET', KEYS[2]) or '') ~= ARGV[5] then
  return -1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', '{p}@ends', '-inf', now, 'LIMIT', 0, 200)) do
  if redis.call('EXISTS', old) == 0 then forget(old) end
end
forget(name)
redis.call('UNLINK', name)
local evicted, size = 0, #value
while tonumber(redis.call('GET', '{p}@total') or '0') + size > budget do
  local oldest = redis.call('ZRANGE', '{p}@used', 0, 0)[1]
  if not oldest then
    redis.call('SET', '{p}@total', 0)
    break
  end
  redis.call('UNLINK', oldest)
  forget(oldest)
  evicted = evicted + 1
end
if size > budget then return evicted end
redis.call('SET', name, value, 'PX', milliseconds)
redis.call('HSET', '{p}@sizes', name, size)
redis.call('ZADD', '{p}@ends', now + milliseconds, name)
redis.call('ZADD', '{p}@used', now, name)
redis.call('INCRBY', '{p}@total', size)
return evicted
"""
)
"""Keep a value if nothing was dropped since its load began, and make room for it; gives how many had to leave, or -1.

KEYS: its name, the version of its symbol. ARGV: the value, milliseconds to keep it, budget in bytes, both versions as
they were seen."""

DROP: Final = (
    _FORGET
    + """
local gone = 0
for _, name in ipairs(KEYS) do
  gone = gone + redis.call('UNLINK', name)
  forget(name)
end
return gone
"""
)
"""Remove values; gives how many there were. KEYS: their names."""

RENEW: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
)
"""Keep a lock for longer, where it is still the caller's. KEYS: the lock. ARGV: its token, milliseconds."""

RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
"""Give a lock back, where it is still the caller's. KEYS: the lock. ARGV: its token."""
