import { connect } from 'node:net';
import { type Child, startChild } from './child.ts';
import { findFreePorts } from './free-port.ts';
import { findCommand } from './needs.ts';

/** A microsocks of its own. */
export interface SocksProxy {
  readonly port: number;
  /** What it says of each connection: `client[4] 127.0.0.1: connected to localhost:1883`. */
  readonly log: Child['stderr'];
  remove(): Promise<void>;
}

/** Starts it on an address of this machine, at a free port. The caller removes it. */
export async function startSocksProxy(login?: { username: string; password: string }): Promise<SocksProxy> {
  const [port = 0] = await findFreePorts(1);
  const words = login ? ['-u', login.username, '-P', login.password] : [];
  const proxy = startChild(findCommand('microsocks') ?? '', ['-i', '127.0.0.1', '-p', String(port), ...words]);
  // It says nothing when it is ready.
  while (!(await answers(port))) {
    if (proxy.process.exitCode !== null) throw new Error(`microsocks ended: ${proxy.stderr.text}`);
  }
  return { port, log: proxy.stderr, remove: () => proxy.end() };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
