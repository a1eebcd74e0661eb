import { connect } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { makePeer } from './peer.ts';

/**
 * A subscriber that takes note of every number that a broker sends, as long as the broker lives: at QoS 0, so that the
 * broker sends a message at once and remembers nothing of it. What it has written reaches us even when it is killed.
 */
export interface Witness {
  /** In the order in which they came. */
  readonly numbers: readonly number[];
  /** Resolves once this number has come. */
  until(number: number): Promise<void>;
  /** Connects and subscribes, again after each end of the broker. */
  open(): Promise<void>;
  /** Resolves when the connection has ended and all that was written to it has been read. */
  closed(): Promise<void>;
}

export function makeWitness(port: number, topic: string): Witness {
  const numbers: number[] = [];
  let highest = -1;
  const waiting = new Set<() => void>();
  let closed: Promise<void> = Promise.resolve();
  return {
    numbers,
    until: (number) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (highest < number) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async open() {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const peer = makePeer(socket);
      closed = peer.closed;
      peer.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: '', keepalive: 0 });
      await peer.receive('connack');
      peer.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
      await peer.receive('suback');
      // From here on a parser of its own, which keeps no packets.
      socket.removeAllListeners('data');
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on('packet', (packet) => {
        if (packet.cmd !== 'publish') return;
        const number = Number.parseInt(packet.payload.toString('latin1'), 10);
        numbers.push(number);
        highest = Math.max(highest, number);
      });
      socket.on('data', (chunk) => {
        parser.parse(chunk);
        for (const check of [...waiting]) check();
      });
    },
    closed: () => closed,
  };
}
