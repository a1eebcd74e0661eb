import { connect, type Socket } from 'node:net';
import { startServer } from './server.ts';

/** What is done to one connection; without anything it is only passed on. */
export interface Fault {
  /** How many bytes go through before it ends; `up` is from the client to the broker. Exact to the byte. */
  readonly cut?: { readonly direction: 'up' | 'down'; readonly afterBytes: number };
  /**
   * How it ends: in order (FIN), by RST, or not at all: `freeze` leaves both sides open, and nothing goes through any
   * more. Default: close.
   */
  readonly how?: 'close' | 'reset' | 'freeze';
  /** Each chunk goes on so much later. */
  readonly delayMs?: number;
  /** In each direction. */
  readonly bytesPerSecond?: number;
}

/** A proxy between a client and a broker that spoils connections as it is told. */
export interface ChaosProxy {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Connections that were ended, or frozen, by their fault. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Starts it at a free port; `faultOf` is asked for each connection, with its number from 1 on. */
export async function startChaosProxy(
  brokerPort: number,
  faultOf: (connection: number) => Fault | undefined,
): Promise<ChaosProxy> {
  let connections = 0;
  let cuts = 0;
  const brokerSides = new Set<Socket>();
  const server = await startServer((client) => {
    connections += 1;
    const broker = connect({ port: brokerPort, host: '127.0.0.1', noDelay: true });
    brokerSides.add(broker);
    broker.on('error', () => undefined);
    spoil(client, broker, faultOf(connections) ?? {}, () => {
      cuts += 1;
    });
    client.on('close', () => broker.destroy());
    broker.on('close', () => {
      brokerSides.delete(broker);
      client.destroySoon();
    });
  });
  return {
    port: server.port,
    get connections() {
      return connections;
    },
    get cuts() {
      return cuts;
    },
    async close() {
      for (const broker of brokerSides) broker.destroy();
      await server.close();
    },
  };
}

function spoil(client: Socket, broker: Socket, fault: Fault, onCut: () => void): void {
  const { cut, how = 'close' } = fault;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    onCut();
    // Frozen sockets are not read from either: the other side notices nothing but silence.
    client.pause();
    broker.pause();
    if (how === 'freeze') return;
    if (how === 'reset') client.resetAndDestroy();
    else client.destroySoon();
    broker.destroySoon();
  };
  const pass = (from: Socket, to: Socket, limit: number): void => {
    let left = limit;
    const send = makeSender(from, to, fault);
    from.on('data', (chunk: Buffer) => {
      if (isOver) return;
      const part = chunk.length >= left ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      send(part);
      if (left === 0) end();
    });
  };
  pass(client, broker, cut?.direction === 'up' ? cut.afterBytes : Number.POSITIVE_INFINITY);
  pass(broker, client, cut?.direction === 'down' ? cut.afterBytes : Number.POSITIVE_INFINITY);
}

/** Writes with back-pressure; later and slower where the fault says so. */
function makeSender(from: Socket, to: Socket, { delayMs = 0, bytesPerSecond }: Fault): (bytes: Buffer) => void {
  const write = (bytes: Buffer): void => {
    if (to.destroyed || to.writableEnded || to.write(bytes) || bytesPerSecond !== undefined) return;
    from.pause();
    to.once('drain', () => from.resume());
  };
  if (delayMs === 0 && bytesPerSecond === undefined) return write;
  let freeAtMs = 0;
  // In order, whatever the timers do.
  const queue: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
  const sendDue = (): void => {
    for (let [next] = queue; next !== undefined; [next] = queue) {
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        setTimeout(sendDue, leftMs);
        return;
      }
      queue.shift();
      write(next.bytes);
      from.resume();
    }
  };
  return (bytes) => {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (bytesPerSecond === undefined ? 0 : (bytes.length * 1000) / bytesPerSecond);
    queue.push({ bytes, dueMs: freeAtMs + delayMs });
    // What is held here is what the network would hold: about a second of it.
    if (freeAtMs - nowMs > 1000) from.pause();
    if (queue.length === 1) sendDue();
  };
}

/** Numbers from 0 up to, not including, 1: the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Cuts the first `count` connections, each after about `lines` messages of `bytes`, in all ways but `freeze`. */
export function randomCuts(seed: number, count: number, lines: number, bytes: number): (connection: number) => Fault {
  const random = seededRandom(seed);
  return (connection) => {
    if (connection > count) return {};
    const isUp = random() < 0.5;
    // An answer has 4 bytes. CONNACK of the first connection must come: without one there is nothing to come back to.
    const most = 2 * lines * (isUp ? bytes : 4);
    const least = connection > 1 ? 1 : 200;
    const afterBytes = Math.max(least, Math.ceil(random() * most));
    return { cut: { direction: isUp ? 'up' : 'down', afterBytes }, how: random() < 0.5 ? 'reset' : 'close' };
  };
}
