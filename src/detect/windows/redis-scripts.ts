/**
 * What must happen at once in Redis. A group is a list: its generation, another one whenever it was written whole; its text; and
 * what became of it since.
 */

/**
 * KEYS: groups. ARGV: for each the generation that is known ("": none) and how many elements of it. Answers for each what is not
 * known: the elements after those, or all of them where the generation is another; nil where there is no such group.
 */
export const loadScript = `
local all = {}
for i = 1, #KEYS do
  local generation = redis.call('LINDEX', KEYS[i], 0)
  if not generation then all[i] = false
  elseif generation == ARGV[2 * i - 1] then all[i] = redis.call('LRANGE', KEYS[i], ARGV[2 * i], -1)
  else all[i] = redis.call('LRANGE', KEYS[i], 0, -1) end
end
return all`;

/**
 * KEYS: the state, then groups. ARGV: the batch and the layout that are expected, the batch to move to, the highest event id ("": as
 * before), the state's life in ms, then for each group its generation, how many elements it is to have (0: it is written
 * whole), the text ("": there is to be none) and its life. Answers 1; 0 where the state stands elsewhere; or, where groups are not
 * what their writer takes them for, which ones, from 1. Then nothing has changed.
 *
 * What the batch changed can be taken back until the next: a list beside the state says from which batch it moved to which, the
 * highest event id before, and of each group how many elements it had ("0": there was none; "-": it stands aside, whole).
 */
export const saveScript = `
local state = redis.call('HMGET', KEYS[1], 'batch', 'layout', 'last')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then return 0 end
local others = {}
for i = 2, #KEYS do
  local elements = tonumber(ARGV[4 * i - 1])
  if elements > 0 and (redis.call('LINDEX', KEYS[i], 0) ~= ARGV[4 * i - 2] or redis.call('LLEN', KEYS[i]) ~= elements) then
    others[#others + 1] = i - 1
  end
end
if #others > 0 then return others end
local before = KEYS[1] .. ':before'
for _, was in ipairs(redis.call('LRANGE', before, 3, -1)) do
  if string.sub(was, 1, 2) == '- ' then redis.call('UNLINK', string.sub(was, 3) .. ':before') end
end
redis.call('UNLINK', before)
local told = { ARGV[1], ARGV[3], state[3] or '' }
for i = 2, #KEYS do
  local elements, text = ARGV[4 * i - 1], ARGV[4 * i]
  if elements == '0' then
    if redis.call('EXISTS', KEYS[i]) == 1 then
      redis.call('RENAME', KEYS[i], KEYS[i] .. ':before')
      elements = '-'
    end
    if text ~= '' then redis.call('RPUSH', KEYS[i], ARGV[4 * i - 2], text) end
  else redis.call('RPUSH', KEYS[i], text) end
  redis.call('PEXPIRE', KEYS[i], ARGV[4 * i + 1])
  told[#told + 1] = elements .. ' ' .. KEYS[i]
end
for from = 1, #told, 1000 do redis.call('RPUSH', before, unpack(told, from, math.min(from + 999, #told))) end
redis.call('PEXPIRE', before, ARGV[5])
redis.call('HSET', KEYS[1], 'batch', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1`;

/** KEYS: the state. ARGV: the batch that it stands after, and the one before. Answers 1; 0: it cannot be taken back. */
export const takeBackScript = `
local before = KEYS[1] .. ':before'
local all = redis.call('LRANGE', before, 0, -1)
if redis.call('HGET', KEYS[1], 'batch') ~= ARGV[1] or all[2] ~= ARGV[1] or all[1] ~= ARGV[2] then return 0 end
for i = 4, #all do
  local elements, name = string.match(all[i], '^(%S+) (.*)$')
  if elements == '0' or elements == '-' then
    redis.call('UNLINK', name)
    if redis.call('EXISTS', name .. ':before') == 1 then redis.call('RENAME', name .. ':before', name) end
  else redis.call('LTRIM', name, 0, elements - 1) end
end
redis.call('HSET', KEYS[1], 'batch', ARGV[2])
if all[3] == '' then redis.call('HDEL', KEYS[1], 'last') else redis.call('HSET', KEYS[1], 'last', all[3]) end
redis.call('UNLINK', before)
return 1`;

/** KEYS: new groups. ARGV: their generation, their life in ms, then the text of each. */
export const fillScript = `
for i = 1, #KEYS do
  redis.call('RPUSH', KEYS[i], ARGV[1], ARGV[i + 2])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end`;

/** KEYS: the state. ARGV: batch, rules, layout, epochs, the highest event id ("": as before), life in ms. */
export const settleScript = `
redis.call('HSET', KEYS[1], 'batch', ARGV[1], 'rules', ARGV[2], 'layout', ARGV[3], 'epochs', ARGV[4])
redis.call('UNLINK', KEYS[1] .. ':before')
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1`;
