/** What must happen at once in Redis. */

/**
 * KEYS: the state, then groups. ARGV: the batch that is expected, the one to move to, the highest event id
 * ("": as before), the state's life in ms, then for each group its text ("": none) and life. Answers 1, or 0 where the state stands elsewhere.
 */
export const saveScript = `
if redis.call('HGET', KEYS[1], 'batch') ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  local blob = ARGV[2 * i + 1]
  if blob == '' then redis.call('DEL', KEYS[i])
  else redis.call('SET', KEYS[i], blob, 'PX', ARGV[2 * i + 2]) end
end
redis.call('HSET', KEYS[1], 'batch', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[3]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`;

/** KEYS: the state. ARGV: batch, rules, layout, epochs, the highest event id ("": as before), life in ms. */
export const settleScript = `
redis.call('HSET', KEYS[1], 'batch', ARGV[1], 'rules', ARGV[2], 'layout', ARGV[3], 'epochs', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1`;
