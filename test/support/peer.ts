import type { Socket } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { withDeadline } from './deadline.ts';

/** One end of a connection, packet by packet, in the hands of a test. */
export interface Peer {
  /** The packets that came, in order; bytes that are no MQTT are in none. */
  readonly packets: readonly Packet[];
  readonly socket: Socket;
  /** Resolves with the next packet of this kind that was not yet asked for. */
  receive<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>>;
  /** Resolves once `isSo` holds; looked at after each packet. */
  until(isSo: () => boolean, what: string): Promise<void>;
  send(packet: Packet | Uint8Array): void;
  /** Closes the connection after what was sent. */
  end(): void;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
}

/** Takes a connection in hand, as client or as broker; `onPacket` sees each packet as it comes. */
export function makePeer(socket: Socket, onPacket?: (packet: Packet) => void): Peer {
  const packets: Packet[] = [];
  const waiting = new Set<() => void>();
  const taken = new Set<Packet>();
  // Without the version of CONNECT the properties of MQTT 5 cannot be told from payloads.
  let protocolVersion = 4;
  let parser = mqttPacket.parser({ protocolVersion });
  parser.on('packet', (packet) => {
    if (packet.cmd === 'connect') protocolVersion = packet.protocolVersion ?? 4;
    packets.push(packet);
    onPacket?.(packet);
    for (const check of [...waiting]) check();
  });
  parser.on('error', () => {
    parser = mqttPacket.parser({ protocolVersion });
  });
  // A reset connection: `closed` tells.
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => parser.parse(chunk));
  const until = (isSo: () => boolean, what: string): Promise<void> => {
    const arrival = new Promise<void>((resolve) => {
      const check = (): void => {
        if (!isSo()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
    return withDeadline(arrival, what);
  };
  return {
    packets,
    socket,
    async receive(cmd) {
      let found: Packet | undefined;
      const isThere = (): boolean => {
        found = packets.find((packet) => packet.cmd === cmd && !taken.has(packet));
        return found !== undefined;
      };
      await until(isThere, `a ${cmd} packet`);
      taken.add(found as Packet);
      // biome-ignore lint/suspicious/noExplicitAny: `find` does not narrow by a variable.
      return found as any;
    },
    until,
    send(packet) {
      socket.write(packet instanceof Uint8Array ? packet : mqttPacket.generate(packet, { protocolVersion }));
    },
    end: () => void socket.end(),
    closed: new Promise((resolve) => {
      socket.once('close', () => resolve());
    }),
  };
}
