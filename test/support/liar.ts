import { makePeer, type Peer } from './peer.ts';
import { type ServerOptions, startServer } from './server.ts';

/** A server that does exactly what a test says, which no broker does. */
export interface Liar {
  readonly port: number;
  /** How many connections there were. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Starts a server at a free port; `script` is run for each connection, with its number from 1 on. */
export async function startLiar(
  script: (peer: Peer, connection: number) => Promise<void> | void,
  options?: ServerOptions,
): Promise<Liar> {
  let connections = 0;
  let failure: unknown;
  const server = await startServer((socket) => {
    connections++;
    Promise.resolve(script(makePeer(socket), connections)).catch((error: unknown) => {
      failure ??= error;
      socket.destroy();
    });
  }, options);
  return {
    port: server.port,
    get connections() {
      return connections;
    },
    async close() {
      await server.close();
      if (failure !== undefined) throw failure;
    },
  };
}

/** Lets a client in: reads CONNECT, answers CONNACK. */
export async function acceptConnect(peer: Peer, connack: object = {}): Promise<void> {
  await peer.receive('connect');
  peer.send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false, ...connack });
}

/** Answers the next SUBSCRIBE: with what was asked for, or with these Reason Codes. */
export async function acceptSubscribe(peer: Peer, granted?: readonly number[], reasonString?: string): Promise<void> {
  const { messageId = 0, subscriptions } = await peer.receive('subscribe');
  peer.send({
    cmd: 'suback',
    messageId,
    granted: [...(granted ?? subscriptions.map(({ qos }) => qos))],
    ...(reasonString !== undefined && { properties: { reasonString } }),
  });
}
