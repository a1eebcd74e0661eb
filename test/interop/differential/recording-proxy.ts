/** A TCP proxy between a client and the broker that reads along: what a client really sends is in its recordings. */
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { withDeadline } from '../../support/deadline.ts';

/** One connection, packet by packet. */
export interface Recording {
  /** From the client, in order. */
  readonly sent: readonly Packet[];
  /** Resolves once the client has sent a packet of this kind. */
  hasSent(cmd: Packet['cmd'], count?: number): Promise<void>;
  /** Resolves once the broker has answered with so many packets of this kind. */
  hasReceived(cmd: Packet['cmd'], count?: number): Promise<void>;
  /** Resolves when the client has closed. */
  readonly closed: Promise<void>;
}

export interface RecordingProxy {
  readonly port: number;
  /** How many connections there were. */
  readonly connections: number;
  /** The connection of this number, from 0 on, once it is there. */
  connection(number: number): Promise<Recording>;
  close(): Promise<void>;
}

export async function startRecordingProxy(brokerPort: number): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  const recordings: Recording[] = [];
  const waiting = new Set<() => void>();
  const server = createServer({ noDelay: true }, (client) => {
    const broker = connectTcp({ port: brokerPort, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // A reset is an end like any other here.
      socket.on('error', () => undefined);
    }
    recordings.push(record(client, broker));
    for (const wake of [...waiting]) wake();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return recordings.length;
    },
    connection(number) {
      return new Promise((resolve) => {
        const check = (): void => {
          const recording = recordings[number];
          if (recording === undefined) return;
          waiting.delete(check);
          resolve(recording);
        };
        waiting.add(check);
        check();
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function record(client: Socket, broker: Socket): Recording {
  const sent: Packet[] = [];
  const received: Packet[] = [];
  const checks = new Set<() => void>();
  const fromClient = mqttPacket.parser();
  let fromBroker = mqttPacket.parser();
  fromClient.on('packet', (packet) => {
    // Only CONNECT says how the answers are to be read.
    if (packet.cmd === 'connect') fromBroker = listen(packet.protocolVersion ?? 4);
    sent.push(packet);
    for (const check of [...checks]) check();
  });
  fromClient.on('error', () => undefined);
  const listen = (protocolVersion: number): typeof fromBroker => {
    const parser = mqttPacket.parser({ protocolVersion });
    parser.on('error', () => undefined);
    parser.on('packet', (packet) => {
      received.push(packet);
      for (const check of [...checks]) check();
    });
    return parser;
  };
  client.on('data', (chunk) => {
    fromClient.parse(chunk);
    broker.write(chunk);
  });
  broker.on('data', (chunk) => {
    client.write(chunk);
    fromBroker.parse(chunk);
  });
  client.on('close', () => broker.destroy());
  client.on('end', () => broker.end());
  broker.on('close', () => client.destroy());
  const until = (packets: readonly Packet[], cmd: Packet['cmd'], count: number): Promise<void> => {
    const arrival = new Promise<void>((resolve) => {
      const check = (): void => {
        if (packets.filter((packet) => packet.cmd === cmd).length < count) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
    });
    return withDeadline(arrival, `${count} ${cmd}`);
  };
  return {
    sent,
    hasSent: (cmd, count = 1) => until(sent, cmd, count),
    hasReceived: (cmd, count = 1) => until(received, cmd, count),
    closed: new Promise((resolve) => {
      client.once('close', () => resolve());
    }),
  };
}
