/**
 * Clients that neither Debian nor npm has, as their sources say that they behave on the wire: Arduino's PubSubClient,
 * ruby-mqtt, and Paho for Java.
 */
import { connect as connectTcp } from 'node:net';
import type { IPublishPacket } from 'mqtt-packet';
import { expect, it, onTestFinished } from 'vitest';
import { waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { makePeer, type Peer } from '../../support/peer.ts';
import { runCli, startCli } from '../../support/run-cli.ts';
import { type SharedMosquitto, shareMosquitto } from '../../support/shared-mosquitto.ts';
import { Findings } from '../record.ts';

type Q = 0 | 1 | 2;

interface Script {
  readonly name: string;
  readonly keepAliveSeconds: number;
  /** What it publishes and subscribes with. */
  readonly qos: readonly Q[];
  /** It neither sends a larger packet nor takes one: what comes is dropped, and not acknowledged. */
  readonly bufferBytes?: number;
}

const SCRIPTS: readonly Script[] = [
  { name: 'PubSubClient (Arduino)', keepAliveSeconds: 15, qos: [0], bufferBytes: 256 },
  { name: 'ruby-mqtt', keepAliveSeconds: 15, qos: [0, 1] },
  { name: 'Paho Java', keepAliveSeconds: 60, qos: [0, 1, 2] },
];

const ALL_BYTES = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index));
const TEXT = Buffer.from('offline: grün');
const WILL = { topic: 'will/theirs', payload: TEXT, qos: 0, retain: false } as const;

for (const script of SCRIPTS) {
  describeWith(['mosquitto'], `${script.name}, by a script`, () => {
    const shared = shareMosquitto();
    const findings = new Findings('scripted', script.name, undefined);
    /** PubSubClient takes QoS 1 from others, and sends QoS 0. */
    const highest = Math.max(...script.qos, script.bufferBytes === undefined ? 0 : 1) as Q;
    const bytes = ALL_BYTES.subarray(0, (script.bufferBytes ?? 512) / 2);

    it.each(script.qos)('mqtt-sub receives what it publishes at QoS %i', async (qos) => {
      const theirs = await open(shared, script);
      const ours = await startSub(shared, `from/${qos}`);
      await theirs.publish(`from/${qos}`, bytes, qos);
      expect((await ours.result).stdout.toString()).toBe(`${qos} 0 ${bytes.toString('hex')}\n`);
      findings.add('MQTT 3.1.1', 'yes');
      findings.add(`QoS ${qos}`, 'yes');
      findings.add('binary', 'yes');
    });

    it.each([0, 1, 2] as const)('it receives what mqtt-pub -q %i publishes', async (qos) => {
      const theirs = await open(shared, script);
      await theirs.subscribe(`to/${qos}`, highest);
      await pub(shared, `to/${qos}`, bytes, '-q', String(qos));
      const { payload, qos: received } = await theirs.peer.receive('publish');
      expect({ payload, received }).toEqual({ payload: bytes, received: Math.min(qos, highest) });
      // It goes on: whatever it acknowledged was enough for the broker.
      await pub(shared, `to/${qos}`, TEXT, '-q', String(qos));
      expect((await theirs.peer.receive('publish')).payload).toEqual(TEXT);
      if (!script.qos.includes(qos)) findings.add(`QoS ${qos}`, qos <= highest ? 'received' : 'no');
    });

    it('an empty payload, a retained message, a Topic Name of UTF-8', async () => {
      const theirs = await open(shared, script);
      const ours = await startSub(shared, 'empty');
      await theirs.publish('empty', Buffer.alloc(0), 0);
      expect((await ours.result).stdout.toString()).toBe('0 0 \n');
      await theirs.publish('grün/日本/😀', TEXT, 0, true);
      const kept = await startSub(shared, 'grün/日本/😀');
      expect((await kept.result).stdout.toString()).toBe(`0 1 ${TEXT.toString('hex')}\n`);
      await theirs.subscribe('ours/#', highest);
      await pub(shared, 'ours/😀', Buffer.alloc(0));
      expect(await theirs.peer.receive('publish')).toMatchObject({ topic: 'ours/😀', payload: Buffer.alloc(0) });
      for (const about of ['empty', 'retained', 'UTF-8 topic']) findings.add(about, 'yes');
    });

    it('its Will', async () => {
      const ours = await startSub(shared, WILL.topic);
      const theirs = await open(shared, script);
      theirs.peer.socket.destroy();
      expect((await ours.result).stdout.toString()).toBe(`0 0 ${TEXT.toString('hex')}\n`);
      findings.add('Will', 'yes');
    });

    it('1 MiB', async () => {
      const large = Buffer.alloc(1 << 20, ALL_BYTES);
      const theirs = await open(shared, script);
      await theirs.subscribe('large', highest);
      // The broker has taken it; what the client then does with it mqtt-pub cannot know.
      await pub(shared, 'large', large, '-q', '1');
      await pub(shared, 'large', TEXT, '-q', '1');
      await theirs.peer.until(() => theirs.taken.length > 0 && theirs.taken.at(-1)?.length === TEXT.length, 'the end');
      const isLarge = script.bufferBytes === undefined;
      expect(theirs.taken.map(({ length }) => length)).toEqual(isLarge ? [large.length, TEXT.length] : [TEXT.length]);
      findings.add('1 MiB', isLarge ? 'yes' : 'dropped');
    });

    it('docs/interop.md says so', () => findings.save());
  });
}

interface ScriptedClient {
  readonly peer: Peer;
  /** Payloads that reached the program. */
  readonly taken: readonly Buffer[];
  publish(topic: string, payload: Buffer, qos: Q, retain?: boolean): Promise<void>;
  subscribe(filter: string, qos: Q): Promise<void>;
}

let clients = 0;

async function open({ broker }: SharedMosquitto, script: Script): Promise<ScriptedClient> {
  const taken: Buffer[] = [];
  const socket = connectTcp({ port: broker.port, host: '127.0.0.1', noDelay: true });
  onTestFinished(() => void socket.destroy());
  const room = script.bufferBytes ?? Number.POSITIVE_INFINITY;
  const sizeOf = (topic: string, payload: Buffer): number => 5 + 2 + Buffer.byteLength(topic) + payload.length;
  const take = ({ topic, payload, qos, messageId = 0 }: IPublishPacket): void => {
    if (sizeOf(topic, payload as Buffer) > room) return;
    taken.push(payload as Buffer);
    if (qos === 1) peer.send({ cmd: 'puback', messageId });
    if (qos === 2) peer.send({ cmd: 'pubrec', messageId });
  };
  const peer = makePeer(socket, (packet) => {
    if (packet.cmd === 'publish') take(packet);
    if (packet.cmd === 'pubrel') peer.send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
    if (packet.cmd === 'pubrec') peer.send({ cmd: 'pubrel', messageId: packet.messageId ?? 0 });
  });
  clients += 1;
  peer.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: `scripted-${clients}`,
    keepalive: script.keepAliveSeconds,
    will: WILL,
  });
  expect(await peer.receive('connack')).toMatchObject({ returnCode: 0 });
  // One count for all packets that have a number, and for ruby-mqtt those of QoS 0 too.
  let packetId = 0;
  return {
    peer,
    taken,
    async publish(topic, payload, qos, retain = false) {
      expect(sizeOf(topic, payload)).toBeLessThanOrEqual(room);
      packetId += 1;
      peer.send({ cmd: 'publish', topic, payload, qos, retain, dup: false, ...(qos > 0 && { messageId: packetId }) });
      if (qos > 0) expect(await peer.receive(qos === 1 ? 'puback' : 'pubcomp')).toMatchObject({ messageId: packetId });
    },
    async subscribe(topic, qos) {
      packetId += 1;
      peer.send({ cmd: 'subscribe', messageId: packetId, subscriptions: [{ topic, qos }] });
      expect(await peer.receive('suback')).toMatchObject({ granted: [qos] });
    },
  };
}

async function startSub({ broker, at }: SharedMosquitto, topic: string) {
  clients += 1;
  const words = [...at, '-i', `ours-${clients}`, '-t', topic, '-q', '2', '-C', '1', '-F', '%q %r %x'];
  const running = startCli('mqtt-sub', words, { real: true });
  await waitForSubscription(broker, `ours-${clients}`);
  return running;
}

async function pub({ at }: SharedMosquitto, topic: string, payload: Buffer, ...words: readonly string[]) {
  const said = await runCli('mqtt-pub', [...at, '-t', topic, '-s', ...words], { real: true, stdin: payload });
  expect(said).toEqual({ exitCode: 0, stdout: Buffer.alloc(0), stderr: '' });
}
