-- A turn at a host: takes reports in, then grants a turn or says how long to wait.
--
-- The rules are those of crawler/domain/hosts.py, in the same order and under the same names;
-- a change of one is a change of both. The figures and `now` stand before this text.
--
-- KEYS: 1 state (hash), 2 slots under way (sorted set by expiry), 3 line (hash by job),
--       4 spacing that robots.txt asks for (number)
-- ARGV: 1 job ('': no turn is wanted), 2 slot, 3 concurrency, 4 spacing,
--       5 spacing of robots.txt (SITE_UNKNOWN; SITE_IGNORED: it is nothing to the job),
--       then per report: slot, status, head_us, asked_ms
-- Gives back {wait_ms, why (0: granted), failures}.

local FIELDS = {
    'last', 'spacing', 'blocked', 'why', 'strikes', 'failures', 'trouble', 'gap',
    'recent', 'usual'
}
local host = {}
for at, value in ipairs(redis.call('HMGET', KEYS[1], unpack(FIELDS))) do
    host[FIELDS[at]] = tonumber(value or 0)
end

local lasting = math.max(FADE_MS, math.min(FADE_GAPS * host.gap, IDLE_MS))
if now >= math.max(host.trouble, host.blocked) + lasting then
    host.strikes, host.failures = 0, 0
end

local function note_trouble()
    host.gap = host.trouble > 0 and now - host.trouble or 0
    host.trouble = now
end

local function block(until_ms, why)
    if until_ms > host.blocked then
        host.blocked, host.why = until_ms, why
    end
end

local function strike(asked_ms)
    if now >= host.blocked then
        host.strikes = host.strikes + 1
        note_trouble()
    end
    if asked_ms > 0 then
        block(now + math.min(asked_ms, LONGEST_BLOCK_MS), ASKED)
    else
        local pause = FIRST_BACKOFF_MS * 2 ^ math.min(math.max(host.strikes - 1, 0), 16)
        block(now + math.min(pause, LONGEST_BACKOFF_MS), BACKING_OFF)
    end
end

local function fail(count)
    if now < host.blocked then
        return
    end
    host.failures = host.failures + count
    note_trouble()
    if host.failures >= DOWN_AFTER then
        block(now + DOWN_PAUSE_MS, BACKING_OFF)
    elseif host.failures > 1 then
        block(now + FIRST_PAUSE_MS * 2 ^ (host.failures - 2), BACKING_OFF)
    end
end

-- Averages are kept plus one, since nothing known is 0.
local function learn(head_us)
    if host.recent == 0 then
        host.recent, host.usual = head_us + 1, head_us + 1
        return
    end
    local above = head_us + 1 - host.usual
    host.recent = host.recent + math.floor((head_us + 1 - host.recent) / 8)
    host.usual = host.usual + math.floor(above / (above < 0 and 4 or 64))
end

local function settle(slot, status, head_us, asked_ms)
    redis.call('ZREM', KEYS[2], slot)
    if head_us >= 0 then
        learn(head_us)
    end
    if status == 429 or status == 503 then
        strike(asked_ms)
    elseif status == 502 or status == 504 or status == UNREACHED then
        fail(1)
    elseif status == SILENT then
        fail(SILENCE)
    elseif 0 < status and status < 500 and now >= host.blocked then
        host.strikes, host.failures, host.trouble = 0, 0, 0
    end
end

for at = 6, #ARGV, 4 do
    settle(ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
end

local function keep()
    local values = {}
    for _, name in ipairs(FIELDS) do
        values[#values + 1] = name
        values[#values + 1] = string.format('%.0f', host[name])
    end
    redis.call('HSET', KEYS[1], unpack(values))
    local until_ms = math.max(host.last, host.blocked, now) + IDLE_MS
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', until_ms - now))
end

local job, slot, concurrency, spacing = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if now < host.blocked or job == '' then
    if #ARGV > 5 then
        keep()
    end
    if now < host.blocked then
        return {host.blocked - now, host.why, host.failures}
    end
    return {0, 0, host.failures}
end

-- Places of the line: {joined_ms, from_ms, until_ms}; who is not heard of has left it.
local line, own = {}, nil
local places = redis.call('HGETALL', KEYS[3])
for at = 1, #places, 2 do
    local joined, from, till = string.match(places[at + 1], '(%d+) (%d+) (%d+)')
    local place = {tonumber(joined), tonumber(from), tonumber(till)}
    if place[3] < now then
        redis.call('HDEL', KEYS[3], places[at])
    elseif places[at] == job then
        own = place
    else
        line[places[at]] = place
    end
end

-- What the job knows of robots.txt is taken down; it keeps what is known.
local function keep_to_site()
    local site = tonumber(ARGV[5])
    if site == SITE_IGNORED then
        return
    end
    local known = tonumber(redis.call('GET', KEYS[4]) or 0)
    if site > 0 then
        redis.call('SET', KEYS[4], site, 'PX', SITE_DELAY_MS)
    elseif site == 0 and known > 0 then
        redis.call('DEL', KEYS[4])
    end
    spacing = math.max(spacing, site == SITE_UNKNOWN and known or site)
end
keep_to_site()

local function slower_ms()
    local excess_us = host.recent - 1 - math.max(2 * (host.usual - 1), SLOW_US)
    return excess_us > 0 and math.min(math.floor(excess_us / 1000), MOST_SLOWER_MS) or 0
end

local function ready_ms()
    local slower = slower_ms()
    local ready = host.last + spacing + slower
    if not own then
        return ready
    end
    local least = host.last + math.min(spacing, host.spacing) + slower
    return math.max(math.min(own[2], ready), least)
end

local function is_behind()
    local joined = own and own[1] or now
    for other, place in pairs(line) do
        local is_before = place[1] < joined or (place[1] == joined and other < job)
        if is_before and place[2] <= now then
            return true
        end
    end
    return false
end

local function line_up(wait_ms, why)
    local start = why == DELAY and now + wait_ms or now
    local place = own or {now, start}
    redis.call('HSET', KEYS[3], job, string.format(
        '%.0f %.0f %.0f', place[1], math.min(place[2], start), now + wait_ms + GRACE_MS
    ))
    redis.call('PEXPIRE', KEYS[3], string.format('%.0f', wait_ms + LINE_MS))
    if #ARGV > 5 then
        keep()
    end
    return {wait_ms, why, host.failures}
end

local ready = ready_ms()
if now < ready then
    return line_up(ready - now, DELAY)
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[2]) >= concurrency or is_behind() then
    local hint = math.floor((host.recent - 1) / 1000)
    return line_up(math.min(math.max(hint, LEAST_HINT_MS), MOST_HINT_MS), BUSY)
end
redis.call('ZADD', KEYS[2], string.format('%.0f', now + SLOT_MS), slot)
redis.call('PEXPIRE', KEYS[2], 2 * SLOT_MS)
if own then
    redis.call('HDEL', KEYS[3], job)
end
host.last, host.spacing = now, spacing
keep()
return {0, 0, host.failures}
