-- Turns at a host that go on, whether or not they are known here. `now` stands before this text.
--
-- KEYS: 1 state (hash), 2 slots under way (sorted set by expiry)
-- ARGV: 1 whether a request began that is not known here (1 or 0), then the slots

for at = 2, #ARGV do
    redis.call('ZADD', KEYS[2], string.format('%.0f', now + SLOT_MS), ARGV[at])
end
redis.call('PEXPIRE', KEYS[2], 2 * SLOT_MS)
if ARGV[1] == '1' then
    redis.call('HSET', KEYS[1], 'last', string.format('%.0f', now))
    if redis.call('PTTL', KEYS[1]) < IDLE_MS then
        redis.call('PEXPIRE', KEYS[1], IDLE_MS)
    end
end
