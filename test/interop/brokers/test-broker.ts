/** A broker of another project under our commands: what it does, and what `mqtt-bench` says of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { formatCount } from '../../../src/output/units.ts';
import { type RunningCli, runCli, startCli } from '../../support/run-cli.ts';
import { runSpawnedCli, spawnCli } from '../../support/spawn-cli.ts';
import { Findings } from '../record.ts';
import type { BrokerSystem, RunningBroker } from './systems.ts';

const VERSIONS = { '31': '3.1', '311': '3.1.1', '5': '5' } as const;
type Version = keyof typeof VERSIONS;

const QOS = [0, 1, 2];
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
const TEXT = Buffer.from('offline: grün');
const MEBIBYTE = Buffer.alloc(1 << 20, EVERY_BYTE);

/** What a system must be found to be; the rest is compared with the table alone. */
export interface Expected {
  readonly versions: readonly Version[];
  /** The QoS that it grants to a SUBSCRIBE for QoS 2. */
  readonly highestQoS: 1 | 2;
  /** Diagnoses of `mqtt-bench -n 1000` by QoS, those apart that depend on the speed of the machine. */
  readonly diagnoses: readonly (readonly string[])[];
  /** What becomes of 10,000 messages of which all may be on their way at a time. */
  readonly flood: {
    /** `may lose` and `may cut`, the connection of the subscriber, as the speed of the machine has it. */
    readonly outcome: 'all arrive' | 'may lose' | 'may cut';
    /** Those that come with a loss. */
    readonly diagnoses: readonly string[];
  };
}

/** They say how fast machine and broker were. */
const OF_SPEED = ['self-limit', 'missed-schedule', 'nagle-plateau'];

interface Message {
  readonly topic: string;
  readonly payload?: Uint8Array;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly version?: string;
}

/** Declares the tests of one broker. */
export function testBroker(system: BrokerSystem, expected: Expected): void {
  const missing = system.missing();
  if (missing.length > 0) {
    describe.skip(`${system.name} (skipped: ${missing.join(', ')} not installed)`, () => it('is skipped', () => {}));
    return;
  }
  describe(system.name, () => declareTests(system, expected));
}

function declareTests(system: BrokerSystem, expected: Expected): void {
  const findings = new Findings('broker', system.name, system.version());
  const benchmark = new Findings('benchmark', system.name, system.version());
  let broker: RunningBroker | undefined;
  let at: readonly string[];

  beforeAll(async () => {
    broker = await system.start();
    at = ['-h', '127.0.0.1', '-p', String(broker.port), ...(system.login ?? [])];
  }, 120_000);
  afterAll(() => broker?.remove());

  const pub = async (message: Message): Promise<void> => {
    const { topic, payload = EVERY_BYTE, qos = 1, retain = false, version = 'auto' } = message;
    const words = [...at, '-t', topic, '-s', '-q', String(qos), '-V', version, ...(retain ? ['-r'] : [])];
    const { exitCode, stderr } = await runCli('mqtt-pub', words, { real: true, stdin: payload });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  };
  /** Resolves once it has subscribed. It prints RETAIN and the payload in hexadecimal. */
  const startSub = async (
    { topic, qos = 1, version = 'auto' }: Message,
    ...more: readonly string[]
  ): Promise<RunningCli> => {
    const words = [...at, '-t', topic, '-q', String(qos), '-V', version, '-F', '%r %x', '-d', ...more];
    const running = startCli('mqtt-sub', words, { real: true });
    await running.stderr.transcript.waitFor('received SUBACK');
    return running;
  };
  const lineOf = ({ payload = EVERY_BYTE, retain = false }: Message): string =>
    `${retain ? 1 : 0} ${Buffer.from(payload).toString('hex')}\n`;
  const expectMessage = async ({ result }: Pick<RunningCli, 'result'>, message: Message): Promise<void> => {
    const { exitCode, stdout } = await result;
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: lineOf(message) });
  };
  /** Of what the broker has already: some send it before SUBACK, as they may. [MQTT-3.8.4-3] */
  const startStored = ({ topic }: Message, ...more: readonly string[]) => {
    const words = [...at, '-t', topic, '-q', '1', '-F', '%r %x', '-C', '1', ...more];
    return { result: runCli('mqtt-sub', words, { real: true }) };
  };
  /** The Topic Name of what comes first to a subscriber: of the filter, or `end`, which is published after `send`. */
  const firstOf = async (filter: string, send: () => Promise<void>): Promise<string> => {
    const words = [...at, '-t', filter, '-t', 'end', '-q', '1', '-F', '%t', '-C', '1', '-d'];
    const subscriber = startCli('mqtt-sub', words, { real: true });
    // What was retained may come before SUBACK, and be all it waits for.
    await subscriber.stderr.transcript.waitFor('received SUBACK').catch(() => undefined);
    await send();
    await pub({ topic: 'end' });
    return (await subscriber.result).stdout.toString().trim();
  };
  const exchange = async (message: Message): Promise<void> => {
    const subscriber = await startSub(message, '-C', '1');
    await pub(message);
    await expectMessage(subscriber, message);
  };
  const bench = async (...words: readonly string[]): Promise<BenchResult & { exitCode: number | null }> => {
    // Not within this process: it would measure the tests' own event loop.
    const { exitCode, stdout } = await runSpawnedCli('mqtt-bench', [...at, '--json', ...words]);
    return { ...JSON.parse(stdout.toString()), exitCode };
  };
  const diagnosesOf = ({ diagnosis }: BenchResult): string[] =>
    diagnosis.map(({ code }) => code).filter((code) => !OF_SPEED.includes(code));

  it.each(Object.keys(VERSIONS) as Version[])('-V %s', async (version) => {
    const words = [...at, '-t', 'version', '-m', 'x', '-q', '1', '-V', version];
    const { exitCode, stderr } = await runCli('mqtt-pub', words, { real: true });
    expect(exitCode === 0).toBe(expected.versions.includes(version));
    const [said = ''] = /closed the connection|\w[^:\n]+\(0x\w+\)/.exec(stderr) ?? [];
    findings.add(`MQTT ${VERSIONS[version]}`, exitCode === 0 ? 'yes' : `no: ${said}`);
  });

  const combinations = expected.versions.flatMap((version) => QOS.map((qos) => [version, qos] as const));

  it.each(combinations)('-V %s -q %i, every byte', async (version, qos) => {
    await exchange({ topic: `bytes/${version}/${qos}`, version, qos });
    findings.add('binary', 'yes');
  });

  it('an empty payload', async () => {
    await exchange({ topic: 'empty', payload: new Uint8Array() });
    findings.add('empty', 'yes');
  });

  it('a retained message', async () => {
    const message = { topic: 'kept/now', payload: TEXT, retain: true };
    await pub(message);
    await expectMessage(startStored(message), message);
    // After its removal the next subscriber gets what comes then.
    expect(await runCli('mqtt-pub', [...at, '-t', 'kept/now', '-n', '-r', '-q', '1'], { real: true })).toMatchObject({
      exitCode: 0,
    });
    await exchange({ topic: 'kept/now' });
    findings.add('retained', 'yes');
  });

  it('retained messages for a filter with a wildcard', async () => {
    const message = { topic: 'wild/kept', payload: TEXT, retain: true };
    await pub(message);
    findings.add('retained, by wildcard', (await firstOf('wild/#', async () => {})) === 'wild/kept' ? 'yes' : 'no');
  });

  it('a Will', async () => {
    const message = { topic: 'will', payload: TEXT };
    const subscriber = await startSub(message, '-C', '1');
    const will = ['--will-topic', 'will', '--will-payload', TEXT.toString(), '--will-qos', '1'];
    const dying = spawnCli('mqtt-sub', [...at, '-t', 'nothing', '-d', ...will]);
    await dying.stderr.waitFor('received SUBACK');
    dying.kill('SIGKILL');
    await expectMessage(subscriber, message);
    findings.add('Will', 'yes');
  });

  it('a Topic Name of UTF-8', async () => {
    await exchange({ topic: 'grün/日本/😀' });
    findings.add('UTF-8 topic', 'yes');
  });

  it('1 MiB', async () => {
    await exchange({ topic: 'large', payload: MEBIBYTE });
    findings.add('1 MiB', 'yes');
  });

  it('a session that is kept', async () => {
    const message = { topic: 'away' };
    const words = ['-i', 'away', '-c', ...(expected.versions.includes('5') ? ['-x', '60'] : [])];
    const first = await startSub(message, ...words);
    first.stop('SIGTERM');
    await first.result;
    await pub(message);
    await expectMessage(startStored(message, ...words), message);
    findings.add('session kept', 'yes');
  });

  it('a shared subscription', async () => {
    const first = await firstOf('$share/group/shared', () => pub({ topic: 'shared', payload: TEXT }));
    findings.add('shared subscription', first === 'shared' ? 'yes' : 'no');
  });

  it.each(QOS)('mqtt-bench -n 1000 --qos %i', async (qos) => {
    const result = await bench('-n', '1000', '--qos', String(qos));
    const { ledger, broker: seen, exitCode } = result;
    expect(ledger).toMatchObject({ attempted: 1000, accepted: 1000, delivered: 1000, lost: 0, duplicated: 0 });
    expect({ exitCode, diagnoses: diagnosesOf(result), granted: seen.grantedQoS }).toEqual({
      exitCode: 0,
      diagnoses: expected.diagnoses[qos],
      granted: Math.min(qos, expected.highestQoS),
    });
    benchmark.add(`QoS ${qos}`, `1,000 of 1,000, granted QoS ${seen.grantedQoS}`);
    benchmark.add('Receive Maximum', seen.receiveMaximum === 65_535 ? 'none' : formatCount(seen.receiveMaximum));
    benchmark.add('calls itself', seen.name === null ? 'nothing' : seen.name);
    findings.add(`QoS ${qos}`, seen.grantedQoS === qos ? 'yes' : `granted QoS ${seen.grantedQoS}`);
  });

  it('mqtt-bench with 10,000 messages on their way at a time', async () => {
    // With MQTT 5 the publisher would keep to a Receive Maximum.
    const result = await bench(
      '-V',
      '311',
      '-n',
      '10000',
      '--qos',
      '1',
      '--window',
      '10000',
      '--flood',
      '--drain-timeout',
      '5',
    );
    const { ledger, exitCode } = result;
    const { outcome, diagnoses } = expected.flood;
    const seen = { exitCode, isLossy: ledger.lost > 0, diagnoses: diagnosesOf(result) };
    const lossless = { exitCode: 0, isLossy: false, diagnoses: [] };
    if (outcome === 'all arrive' || !seen.isLossy) expect(seen).toEqual(lossless);
    else expect(seen).toEqual({ exitCode: outcome === 'may lose' ? 11 : 7, isLossy: true, diagnoses });
    benchmark.add('10,000 at once', [outcome, ...diagnoses].join(', '));
  });

  it('docs/interop.md says so', () => {
    findings.save();
    benchmark.save();
  });
}
