/** A client of another project against our commands, both ways, through Debian's mosquitto. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startInTest } from '../../support/child.ts';
import { waitForSubscription } from '../../support/mosquitto-clients.ts';
import { findCommand } from '../../support/needs.ts';
import { runCli, startCli } from '../../support/run-cli.ts';
import { shareMosquitto } from '../../support/shared-mosquitto.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { Findings } from '../record.ts';
import type { Level, Program } from './programs.ts';

/** What is sent, and what `subscribe` of a program and `mqtt-sub` print of it. */
interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly count?: number;
}

const VERSIONS: Readonly<Record<Level, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' };
const FLAGS: Readonly<Record<Level, string>> = { 3: '31', 4: '311', 5: '5' };
const QOS = [0, 1, 2];

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
const TEXT = Buffer.from('offline: grün');
const MEBIBYTE = Buffer.alloc(1 << 20, EVERY_BYTE);
/** Two, three and four bytes of UTF-8 to a character. */
const UTF8_TOPIC = 'grün/日本/😀';
const MANY = 1000;

/** Declares the tests of one program; what it speaks is in its record. */
export function testProgram(program: Program): void {
  const missing = [...program.missing(), ...(findCommand('mosquitto') === undefined ? ['mosquitto'] : [])];
  if (missing.length > 0) {
    describe.skip(`${program.name} (skipped: ${missing.join(', ')} not installed)`, () => it('is skipped', () => {}));
    return;
  }
  describe(program.name, () => declareTests(program));
}

function declareTests(program: Program): void {
  const findings = new Findings('client', program.name, program.version());
  // It speaks all that it speaks at every level; what does not depend on the level is tried with the highest.
  const best = Math.max(...program.levels) as Level;
  const shared = shareMosquitto({ settings: ['set_tcp_nodelay true'], listeners: { ws: { webSocket: true } } });
  let folder: TempFolder;
  let command: readonly string[];
  let clients = 0;

  beforeAll(async () => {
    folder = makeTempFolder();
    command = await program.build(folder);
  }, 120_000);
  afterAll(() => folder?.remove());

  /** Starts their program. */
  const start = (verb: string, level: Level, { topic, payload, qos = 1, retain = false, count = 1 }: Message) => {
    const { broker } = shared;
    const clientId = `theirs-${++clients}`;
    const port = program.webSocket ? broker.ports['ws'] : broker.port;
    const words = [verb, port, clientId, level, qos, topic, count, retain ? 1 : 0].map(String);
    const [file = '', ...first] = command;
    const child = startInTest(file, [...first, ...words], { ...(program.env && { env: program.env }), input: payload });
    return { child, clientId };
  };
  const subscribe = async (level: Level, message: Message, verb = 'subscribe'): Promise<Child> => {
    const { child, clientId } = start(verb, level, message);
    await waitForSubscription(shared.broker, clientId, child);
    return child;
  };
  const expectSuccess = async (child: Child): Promise<string> => {
    const { exitCode, stdout, stderr } = await child.exit();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout.toString();
  };

  const pub = async (level: Level, { topic, payload, qos = 1, retain = false }: Message): Promise<void> => {
    const flags = ['-V', FLAGS[level], '-q', String(qos), ...(retain ? ['-r'] : [])];
    const words = [...shared.at, '-t', topic, '-s', ...flags];
    expect(await runCli('mqtt-pub', words, { real: true, stdin: payload })).toEqual({
      exitCode: 0,
      stdout: Buffer.alloc(0),
      stderr: '',
    });
  };
  const startSub = async (level: Level, { topic, qos = 1, count = 1 }: Message, ...more: readonly string[]) => {
    const clientId = `ours-${++clients}`;
    const flags = ['-V', FLAGS[level], '-q', String(qos), '-C', String(count), '-F', '%q %r %x %t', ...more];
    const ours = startCli('mqtt-sub', [...shared.at, '-i', clientId, '-t', topic, ...flags], { real: true });
    await waitForSubscription(shared.broker, clientId);
    return ours;
  };

  const lineOf = ({ topic, payload, qos = 1, retain = false }: Message): string =>
    `${qos} ${retain ? 1 : 0} ${Buffer.from(payload).toString('hex')} ${topic}\n`;
  /** What a program whose library hides QoS and RETAIN can print of it. */
  const theirLineOf = (message: Message): string =>
    program.hidesFlags ? lineOf(message).replace(/^\d \d/, '? ?') : lineOf(message);

  const deliver = async (level: Level, message: Message): Promise<void> => {
    const theirs = await subscribe(level, message);
    await pub(level, message);
    expect(await expectSuccess(theirs)).toBe(theirLineOf(message));
  };
  const take = async (level: Level, message: Message): Promise<void> => {
    const ours = await startSub(level, message);
    const [said] = await Promise.all([ours.result, expectSuccess(start('publish', level, message).child)]);
    expect({ ...said, stdout: said.stdout.toString() }).toEqual({ exitCode: 0, stdout: lineOf(message), stderr: '' });
  };
  /** Both ways, with a subscriber that is there already. */
  const exchange = async (level: Level, message: Message): Promise<void> => {
    await deliver(level, message);
    await take(level, message);
  };

  const combinations = program.levels.flatMap((level) => QOS.map((qos) => [VERSIONS[level], qos, level] as const));

  it.each(combinations)('MQTT %s, QoS %i, every byte', async (_version, qos, level) => {
    await exchange(level, { topic: `bytes/${level}/${qos}`, payload: EVERY_BYTE, qos });
    findings.add(`MQTT ${VERSIONS[level]}`, 'yes');
    findings.add(`QoS ${qos}`, 'yes');
    findings.add('binary', 'yes');
  });

  it('an empty payload', async () => {
    await exchange(best, { topic: 'empty', payload: new Uint8Array() });
    findings.add('empty', 'yes');
  });

  it('a retained message', async () => {
    const fromUs = { topic: 'kept/ours', payload: TEXT, retain: true };
    await pub(best, fromUs);
    expect(await expectSuccess(start('subscribe', best, fromUs).child)).toBe(theirLineOf(fromUs));
    const fromThem = { topic: 'kept/theirs', payload: TEXT, retain: true };
    await expectSuccess(start('publish', best, fromThem).child);
    const ours = await startSub(best, fromThem);
    expect((await ours.result).stdout.toString()).toBe(lineOf(fromThem));
    findings.add('retained', 'yes');
  });

  it('a Will', async () => {
    const fromUs = { topic: 'will/ours', payload: TEXT };
    const theirs = await subscribe(best, fromUs);
    const will = ['--will-topic', fromUs.topic, '--will-payload', TEXT.toString(), '--will-qos', '1'];
    const dying = spawnCli('mqtt-sub', [...shared.at, '-i', 'dying', '-t', 'nothing', ...will]);
    await waitForSubscription(shared.broker, 'dying', dying);
    dying.kill('SIGKILL');
    expect(await expectSuccess(theirs)).toBe(theirLineOf(fromUs));

    const fromThem = { topic: 'will/theirs', payload: TEXT };
    const ours = await startSub(best, fromThem);
    const { child, clientId } = start('will', best, fromThem);
    await shared.broker.log.waitFor(`Sending CONNACK to ${clientId} `);
    child.kill('SIGKILL');
    expect((await ours.result).stdout.toString()).toBe(lineOf(fromThem));
    findings.add('Will', 'yes');
  });

  it('a Topic Name of UTF-8', async () => {
    await exchange(best, { topic: UTF8_TOPIC, payload: TEXT });
    findings.add('UTF-8 topic', 'yes');
  });

  it.each(QOS)('1 MiB, QoS %i', async (qos) => {
    const message = { topic: `large/${qos}`, payload: MEBIBYTE, qos };
    await take(best, message);
    // Over WebSocket mosquitto 2.0.11 itself stops in the middle of what it delivers, seconds or for ever.
    if (!program.webSocket) await deliver(best, message);
    findings.add('1 MiB', program.webSocket ? 'published' : 'yes');
  });

  it(`${MANY} messages`, async () => {
    const message = { topic: 'many', payload: TEXT, count: MANY };
    const theirs = await subscribe(best, message, 'count');
    const lines = Array.from({ length: MANY }, (_, index) => `${index}\n`).join('');
    const words = [...shared.at, '-t', message.topic, '-l', '-q', '1'];
    expect(await runCli('mqtt-pub', words, { real: true, stdin: lines })).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await expectSuccess(theirs)).trim()).toBe(String(MANY));
    const ours = await startSub(best, message);
    const [said] = await Promise.all([ours.result, expectSuccess(start('publish', best, message).child)]);
    expect(said.stdout.toString()).toBe(lineOf(message).repeat(MANY));
    findings.add('1000 messages', 'yes');
  });

  it('docs/interop.md says so', () => {
    for (const level of [3, 4, 5] as const) {
      if (!program.levels.includes(level)) findings.add(`MQTT ${VERSIONS[level]}`, 'no');
    }
    findings.save();
  });
}
