// The textbook design: a random refresh token, of which Redis keeps the hash, one
// key for each token and a set of them for each user; an access token in HS256.
// Usage: node server.js REDIS_PORT
import { createHash, randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';

const REFRESH_TTL = 30 * 86_400;
const ACCESS_TTL = 900;
const SECRET = randomBytes(32);

const redis = new Redis(Number(process.argv[2]), '127.0.0.1');
const app = Fastify();

const keyOf = (token) => `rt:${createHash('sha256').update(token).digest('hex')}`;
const setOf = (user) => `user:${user}:tokens`;

function tokens(user, client, refreshToken) {
  const claims = { sub: user, client_id: client, email: `${user}@example.com`, roles: ['member'] };
  return {
    access_token: jwt.sign(claims, SECRET, { expiresIn: ACCESS_TTL }),
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TTL,
  };
}

function store(multi, user, client, token) {
  const key = keyOf(token);
  return multi
    .hset(key, { user, client, created_at: Date.now() })
    .expire(key, REFRESH_TTL)
    .sadd(setOf(user), key)
    .expire(setOf(user), REFRESH_TTL);
}

// A login without a password, for nothing of it is measured.
app.post('/login', async (request) => {
  const { user, client_id: client } = request.body;
  const token = randomBytes(32).toString('hex');
  await store(redis.multi(), user, client, token).exec();
  return tokens(user, client, token);
});

app.post('/refresh', async (request, reply) => {
  const { refresh_token: old, client_id: client } = request.body;
  const key = keyOf(old);
  const found = await redis.hgetall(key);
  if (!found.user || found.client !== client) {
    return reply.code(401).send({ error: 'refresh_token_invalid' });
  }
  const token = randomBytes(32).toString('hex');
  const multi = redis.multi().del(key).srem(setOf(found.user), key);
  await store(multi, found.user, client, token).exec();
  return tokens(found.user, client, token);
});

const address = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ listen: new URL(address).host }));
