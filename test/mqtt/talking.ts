import { onTestFinished } from 'vitest';
import type { StopReason } from '../../src/cli/context.ts';
import { connectSession } from '../../src/mqtt/connect.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import type { Session, SessionHandlers } from '../../src/mqtt/session.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { acceptConnect, type Liar, startLiar } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';

export const PLAN: ConnectionPlan = {
  endpoint: { host: '127.0.0.1', port: 1883 },
  version: 5,
  clientId: 'x',
  generatedClientIdPrefix: 'mqtt-test-',
  keepAliveSeconds: 60,
  cleanStart: true,
  connectTimeoutMs: 10_000,
};

/** A client of ours and a broker in the hands of a test, over loopback. */
export interface Talk {
  readonly liar: Liar;
  readonly clock: FakeClock;
  /** Opens a session; once for each connection that the test wants. */
  connect(handlers?: SessionHandlers, plan?: Partial<ConnectionPlan>): Promise<Session>;
  /** A signal that arrives. */
  stop(reason: StopReason): void;
}

/** `script` is the broker, run for each connection; `plan` is what differs from {@link PLAN}. */
export async function talk(
  script: (peer: Peer, connection: number) => Promise<void> | void,
  plan: Partial<ConnectionPlan> = {},
): Promise<Talk> {
  const liar = await startLiar(script);
  onTestFinished(() => liar.close());
  const clock = new FakeClock();
  const controller = new AbortController();
  return {
    liar,
    clock,
    connect: (handlers = {}, changes = {}) =>
      connectSession({ ...PLAN, endpoint: { host: '127.0.0.1', port: liar.port }, ...plan, ...changes }, handlers, {
        clock,
        stop: controller.signal,
      }),
    stop: (reason) => controller.abort(reason),
  };
}

/** An open session, with the broker's end of it. */
export interface Conversation extends Talk {
  readonly session: Session;
  readonly peer: Peer;
}

/** Lets the client in, with what CONNACK says, and leaves both ends to the test. */
export async function converse({
  handlers = {},
  plan = {},
  connack = {},
}: {
  readonly handlers?: SessionHandlers;
  readonly plan?: Partial<ConnectionPlan>;
  readonly connack?: object;
} = {}): Promise<Conversation> {
  const peers: Peer[] = [];
  const world = await talk(async (peer) => {
    peers.push(peer);
    await acceptConnect(peer, connack);
  }, plan);
  const session = await world.connect(handlers);
  return { ...world, session, peer: peers[0] as Peer };
}

/** A promise and what settles it. */
export function deferred<T = void>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let settle: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle(value) };
}
