import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { client } from './client';
import { AuditService } from './gen/sekisho/v1/audit_pb';

/** Signs each call, and once more where its token was refused. */
const signed: Interceptor = (next) => async (request) => {
  const token = await client.accessToken(request.signal);
  request.header.set('authorization', `Bearer ${token}`);
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code !== Code.Unauthenticated) throw error;
    request.header.set('authorization', `Bearer ${await client.renewedToken(token)}`);
    return next(request);
  }
};

const transport = createGrpcWebTransport({ baseUrl: window.location.origin, interceptors: [signed] });

export const audit = createClient(AuditService, transport);
