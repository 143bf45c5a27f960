import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');
const JWT_SECRET = randomBytes(32);

function binary(): string {
  const { SEKISHO_BINARY } = process.env;
  if (SEKISHO_BINARY) return SEKISHO_BINARY;
  const built = ['release', 'debug'].map((profile) => join(REPOSITORY, 'target', profile, 'sekisho'));
  // The one that was built last.
  const age = (path: string) => -statSync(path).mtimeMs;
  const [found] = built.filter((path) => existsSync(path)).sort((one, other) => age(one) - age(other));
  if (!found) throw new Error('build the server (`cargo build`), or set SEKISHO_BINARY to its path');
  return found;
}

/** A `sekisho dev` of the test's own. */
export class Server {
  private process: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'sekisho-web-'));
  private listen = '127.0.0.1:0';
  private ops = '127.0.0.1:0';

  private constructor(private readonly settings: Record<string, string>) {}

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server(settings);
    await server.run();
    return server;
  }

  get url(): string {
    return `http://${this.listen}`;
  }

  /** The same address by the name for which browsers take `Secure` cookies. */
  get localhost(): string {
    return this.url.replace('127.0.0.1', 'localhost');
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.run();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The newest code that was mailed to an address. */
  async code(to: string): Promise<string> {
    const mails = await this.mails(to);
    const code = mails.find((mail) => mail.code !== null)?.code;
    if (!code) throw new Error(`no code for ${to}`);
    return code;
  }

  async mails(to: string): Promise<{ subject: string; code: string | null }[]> {
    const answer = await fetch(`http://${this.ops}/dev/mailbox?to=${encodeURIComponent(to)}`);
    return answer.json() as Promise<{ subject: string; code: string | null }[]>;
  }

  private async run(): Promise<void> {
    const child = spawn(binary(), ['dev'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        SEKISHO_LISTEN: this.listen,
        SEKISHO_OPS_LISTEN: this.ops,
        SEKISHO_LOG: 'error',
        SEKISHO_BCRYPT_COST: '4',
        SEKISHO_JWT_ALG: 'HS256',
        SEKISHO_JWT_SECRET_KEY: JWT_SECRET.toString('base64'),
        SEKISHO_LIMIT_CODE_NETWORK: '1000/60',
        SEKISHO_LIMIT_CODE: '100/60',
        ...this.settings,
      },
    });
    this.process = child;
    const ready = await firstLine(child);
    // After a restart the same addresses are taken.
    this.listen = ready.listen;
    this.ops = ready.ops;
  }

  private async kill(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

async function firstLine(child: ChildProcess): Promise<{ listen: string; ops: string }> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface(child.stdout)) {
    const ready = JSON.parse(line);
    if (ready.event === 'ready') return ready;
  }
  throw new Error('the server ended before it was ready');
}

/** The same access token, but past its time: signed by the server's own key. */
export function expired(token: string): string {
  const [header, payload] = token.split('.');
  if (!header || !payload) throw new Error('not a JWT');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  for (const name of ['iat', 'nbf', 'exp', 'auth_time']) {
    if (typeof claims[name] === 'number') claims[name] -= 7200;
  }
  const body = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${createHmac('sha256', JWT_SECRET).update(body).digest('base64url')}`;
}

export function address(): string {
  return `ada-${randomBytes(6).toString('hex')}@example.com`;
}

export const PASSWORD = 'correct horse battery staple';
