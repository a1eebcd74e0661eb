import { createSocket, type RemoteInfo } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import type { ResolveSrv, SrvRecord } from '../../src/mqtt/srv.ts';

/** A name server on 127.0.0.1 that knows SRV records alone. */
export interface DnsServer {
  /** Asks it, as the system would ask its own name server. */
  readonly resolveSrv: ResolveSrv;
  /** The names that were asked for. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

/** What is said of a name: its records; that it has none; that it does not exist; an error; nothing at all. */
export type DnsAnswer = readonly SrvRecord[] | 'no such name' | 'failure' | 'silence';

const SRV = 33;
const CODES = { 'no such name': 3, failure: 2 } as const;

/** Starts it; a name that is not in `zone` does not exist. */
export async function startDnsServer(zone: Readonly<Record<string, DnsAnswer>>): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query: Buffer, { port, address }: RemoteInfo) => {
    const { name, end } = readName(query, 12);
    questions.push(name);
    const answer = zone[name] ?? 'no such name';
    if (answer === 'silence') return;
    const records = typeof answer === 'string' ? [] : answer;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // An authoritative answer, recursion desired and available.
    header.writeUInt16BE(0x8580 | (typeof answer === 'string' ? CODES[answer] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const question = query.subarray(12, end + 4);
    socket.send(Buffer.concat([header, question, ...records.map(encodeRecord)]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolveSrv: (name) => resolver.resolveSrv(name),
    questions,
    async close() {
      resolver.cancel();
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

/** [RFC2782] [RFC1035 4.1.3] */
function encodeRecord({ name, port, priority, weight }: SrvRecord): Buffer {
  const labels = name === '' ? [] : name.split('.').map((label) => [label.length, ...Buffer.from(label)]);
  const target = Buffer.from([...labels.flat(), 0]);
  const fixed = Buffer.alloc(18);
  // The name is that of the question, which always starts at byte 12.
  [0xc00c, SRV, 1, 0, 0, 6 + target.length, priority, weight, port].forEach((value, index) => {
    fixed.writeUInt16BE(value, 2 * index);
  });
  return Buffer.concat([fixed, target]);
}
