redis.call('SET', KEYS[1], '1', 'PX', 60000)
return redis.call('TIME')
