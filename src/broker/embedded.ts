import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { CliError } from '../errors.ts';
import { capQoS, mendDelivery } from './aedes-delivery.ts';

/** What an embedded broker listens on and whom it lets in. */
export interface EmbeddedBrokerOptions {
  /** PEM texts; `clientCa` set: a client must show a certificate that it signed. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string };
  readonly webSocket?: boolean;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: the system picks one. */
  readonly port?: number;
  /** Whether a CONNECT may pass; default: every one. */
  readonly authenticate?: (username: string | undefined, password: Buffer | undefined) => boolean;
  /** Whether a SUBSCRIBE is granted; default: every one. */
  readonly authorizeSubscribe?: (filter: string) => boolean;
  /** Whether a PUBLISH is taken; MQTT 3.1.1 has no refusal, so the connection is closed instead. */
  readonly authorizePublish?: (topic: string) => boolean;
}

/** A broker inside this process. It speaks MQTT 3.1 and 3.1.1 and answers CONNECT of MQTT 5 with return code 1. */
export interface EmbeddedBroker {
  readonly host: string;
  readonly port: number;
  /** Where clients connect, such as `mqtt://127.0.0.1:40123`. */
  readonly url: string;
  /** Ends every connection and stops listening. Never rejects. */
  close(): Promise<void>;
}

/** Starts a broker in this process. Throws CliError when it cannot listen. */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const aedes = await Aedes.createBroker(makeAedesOptions(options));
  const mendClient = mendDelivery(aedes);
  const server = makeServer(options, (stream) => mendClient(aedes.handle(stream)));
  const sockets = trackSockets(server);
  const host = options.host ?? '127.0.0.1';
  const stop = () => closeAll(aedes, server, sockets);
  try {
    await listen(server, host, options.port ?? 0);
  } catch (error) {
    aedes.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`the embedded broker cannot start: ${reason}`, undefined, { cause: error });
  }
  const { port } = server.address() as AddressInfo;
  return { host, port, url: makeUrl(options, host, port), close: stop };
}

function makeAedesOptions(options: EmbeddedBrokerOptions): AedesOptions {
  const { authenticate, authorizePublish, authorizeSubscribe } = options;
  const chosen: AedesOptions = {
    // Above a number of messages in work at once aedes prints a warning and queues; 0 is no limit. What bounds
    // memory is that it reads no more from a publisher until what it read was written to every subscriber.
    concurrency: 0,
    // Publishers may use every Packet Identifier at QoS 2; at its default of 1000 aedes ends the connection.
    maxInflightInbound: 0,
    // Waiting for a slow subscriber has no limit but Keep Alive. The largest delay that a timer takes.
    drainTimeout: 2_147_483_647,
    // Packets that follow CONNECT at once, not waiting for CONNACK; aedes ends the connection at more than 42.
    queueLimit: 65_535,
    authorizeForward: (client, packet) => {
      capQoS(client, packet);
      return packet;
    },
  };
  if (authenticate !== undefined) {
    chosen.authenticate = (_client, username, password, done) => done(null, authenticate(username, password));
  }
  if (authorizeSubscribe !== undefined) {
    chosen.authorizeSubscribe = (_client, subscription, done) =>
      done(null, authorizeSubscribe(subscription.topic) ? subscription : null);
  }
  if (authorizePublish !== undefined) {
    chosen.authorizePublish = (_client, packet, done) =>
      done(authorizePublish(packet.topic) ? null : new Error('not authorized'));
  }
  return chosen;
}

function makeServer(options: EmbeddedBrokerOptions, handle: (stream: Duplex) => void): Server {
  const { tls, webSocket } = options;
  const secure = tls && {
    key: tls.key,
    cert: tls.cert,
    ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  if (!webSocket) return secure ? createTlsServer(secure, handle) : createServer(handle);
  const server = secure ? createHttpsServer(secure) : createHttpServer();
  const upgrades = new WebSocketServer({ server, handleProtocols: chooseSubprotocol });
  upgrades.on('connection', (socket) => handle(createWebSocketStream(socket)));
  // The HTTP server's errors come here too; `listen` is where they are awaited.
  upgrades.on('error', () => undefined);
  return server;
}

/** `mqtt` by the specification, `mqttv3.1` by MQTT 3.1 clients. [MQTT5 6.0] */
function chooseSubprotocol(offered: Set<string>): string | false {
  return ['mqtt', 'mqttv3.1'].find((name) => offered.has(name)) ?? false;
}

/** The open TCP connections, those before their CONNECT or TLS handshake included. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    // Acknowledgements are small writes that must not wait for each other.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeAll(aedes: Aedes, server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Not awaited: with every socket gone nothing of it is left to wait for.
    aedes.close();
    for (const socket of sockets) socket.destroy();
  });
}

function makeUrl(options: EmbeddedBrokerOptions, host: string, port: number): string {
  const scheme = `${options.webSocket ? 'ws' : 'mqtt'}${options.tls ? 's' : ''}`;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${scheme}://${authority}${options.webSocket ? '/mqtt' : ''}`;
}
