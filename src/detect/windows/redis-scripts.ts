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
 */
export const saveScript = `
local state = redis.call('HMGET', KEYS[1], 'batch', 'layout')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then return 0 end
local others = {}
for i = 2, #KEYS do
  local elements = tonumber(ARGV[4 * i - 1])
  if elements > 0 and (redis.call('LINDEX', KEYS[i], 0) ~= ARGV[4 * i - 2] or redis.call('LLEN', KEYS[i]) ~= elements) then
    others[#others + 1] = i - 1
  end
end
if #others > 0 then return others end
for i = 2, #KEYS do
  local text = ARGV[4 * i]
  if ARGV[4 * i - 1] == '0' then
    redis.call('UNLINK', KEYS[i])
    if text ~= '' then redis.call('RPUSH', KEYS[i], ARGV[4 * i - 2], text) end
  else redis.call('RPUSH', KEYS[i], text) end
  redis.call('PEXPIRE', KEYS[i], ARGV[4 * i + 1])
end
redis.call('HSET', KEYS[1], 'batch', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[4]) end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
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
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1`;
