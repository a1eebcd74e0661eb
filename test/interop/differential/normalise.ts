/** Makes comparable what two clients may do differently, and nothing else. */
import type { Packet } from 'mqtt-packet';

/** A packet without what may differ. */
export type SeenPacket = Readonly<Record<string, unknown>>;

/**
 * Packet Identifiers are each client's own affair, and so is the Client Identifier that it makes up. mosquitto's limits
 * what is in flight by Receive Maximum, ours by reading no further. Ours asks for a PINGRESP at the end of QoS 0, because
 * only that shows that the broker has read everything; and it leaves once the last message is written, at QoS 2 without
 * waiting for the PUBREL that it would answer with PUBCOMP. A Session Expiry Interval of 0 is what its absence means. How
 * acknowledgements and messages mix depends on when the other side's came, so they are put behind the rest.
 */
export function normalisePackets(packets: readonly Packet[]): readonly SeenPacket[] {
  const counted = packets.filter(({ cmd }) => cmd !== 'pingreq' && cmd !== 'pubcomp');
  const acknowledgements = ACKNOWLEDGEMENTS.flatMap((kind) => counted.filter(({ cmd }) => cmd === kind));
  const others = counted.filter((packet) => !acknowledgements.includes(packet));
  return [...others, ...acknowledgements].map(normalisePacket);
}

const ACKNOWLEDGEMENTS: readonly Packet['cmd'][] = ['puback', 'pubrec', 'pubrel'];

const DROPPED = new Set(['length', 'messageId', 'receiveMaximum']);

function normalisePacket(packet: Packet): SeenPacket {
  const seen = strip(packet) as SeenPacket;
  return packet.cmd === 'connect' ? { ...seen, clientId: normaliseClientId(packet.clientId) } : seen;
}

function normaliseClientId(clientId: string): string {
  if (/^(theirs|ours)-\d+$/.test(clientId)) return '{id}';
  // MQTT 3.1 has no empty identifier, and a prefix is followed by the number of the process.
  if (/^(mosq-|mqtt-(pub|sub|rr)-)/.test(clientId)) return '(made up)';
  return clientId.replace(/^(prefix-)\d+$/, '$1(pid)');
}

function strip(value: unknown): unknown {
  // A name of each client's own, where a case asked for one.
  if (typeof value === 'string') return value.replace(/(theirs|ours)-\d+/g, '{id}');
  if (value instanceof Uint8Array) return showBytes(Buffer.from(value));
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, part]) => !DROPPED.has(key) && part !== undefined && part !== null)
    .filter(([key, part]) => !(key === 'sessionExpiryInterval' && part === 0))
    .map(([key, part]) => [key, strip(part)] as const)
    .filter(([, part]) => !(typeof part === 'object' && part !== null && Object.keys(part).length === 0));
  return Object.fromEntries(entries);
}

function showBytes(bytes: Buffer): string {
  if (bytes.length > 200) return `(${bytes.length} bytes, sum ${bytes.reduce((sum, byte) => sum + byte, 0)})`;
  return bytes.toString('latin1');
}

const TIMES: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}/g, '(time)'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}/g, '(exact time)'],
  [/\b1\d{9}\.\d{9}\b/g, '(seconds)'],
];

/** Stamps of two runs, a moment apart, look the same after this; their form is still held. */
export function maskTimes(text: string): string {
  return TIMES.reduce((masked, [pattern, shown]) => masked.replace(pattern, shown), text);
}

/** The JSON of 2.0 as 2.1 prints it: time stamps had a Z before the offset, and `retain` was a number. */
export function modernise(printed: Buffer): Buffer {
  const text = printed.toString('latin1');
  if (!/^\{\s*"tst":/.test(text)) return printed;
  return Buffer.from(
    text
      .replace(/("tst":\t?"[^"]*)Z([+-]\d{4}")/g, '$1$2')
      .replace(/("retain":\t?)([01])(?=,)/g, (_all, key: string, digit: string) => `${key}${digit === '1'}`),
    'latin1',
  );
}
