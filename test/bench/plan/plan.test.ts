import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type BenchPlan,
  deliveriesDueOf,
  filterOf,
  messagesOf,
  publisherWindowOf,
  totalOf,
} from '../../../src/bench/plan/plan.ts';
import { resolvePubPlan, resolvePubsubPlan } from '../../../src/bench/plan/resolve-plan.ts';
import { UsageError } from '../../../src/errors.ts';
import { benchOptions } from '../../../src/options/bench.ts';
import { parseOptions } from '../../../src/options/parse.ts';
import { makePlan, RUN_ID } from '../support/drive.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-plan-'));
const file = join(folder, 'payload.bin');
writeFileSync(file, Buffer.from([1, 2, 3, 0x7b]));
afterAll(() => rmSync(folder, { recursive: true }));

type Resolve = typeof resolvePubsubPlan;

async function planOf(argv: readonly string[], resolve: Resolve = resolvePubsubPlan): Promise<BenchPlan> {
  return resolve(parseOptions({ specs: benchOptions, argv, env: {} }), RUN_ID);
}

async function messageOf(argv: readonly string[], resolve: Resolve = resolvePubsubPlan): Promise<string> {
  try {
    await planOf(argv, resolve);
  } catch (error) {
    if (error instanceof UsageError) return [error.message, error.hint].filter(Boolean).join(' | ');
    throw error;
  }
  return 'accepted';
}

describe('resolvePubsubPlan', () => {
  it('has a default for everything', async () => {
    expect(await planOf([])).toEqual({
      scenario: 'pubsub',
      runId: RUN_ID,
      seed: 0x01234567,
      messages: 10_000,
      durationMs: null,
      qos: 0,
      retain: false,
      keepsRetained: false,
      topic: 'mqtt-bench/{run}/{publisher}',
      filter: `mqtt-bench/${RUN_ID}/+`,
      topics: 1,
      topicAlias: false,
      payload: { kind: 'filler', source: null, sizeBytes: 64 },
      publishers: 1,
      subscribers: 1,
      shape: 'all',
      window: 1000,
      isWindowChosen: false,
      flood: false,
      rate: null,
      rampMs: 0,
      warmupMs: 0,
      connectRate: null,
      drainTimeoutMs: 10_000,
      workers: 0,
      localAddresses: [],
      connections: 0,
      storms: 0,
    });
  });

  it('takes every option of a closed loop', async () => {
    const argv =
      '-n 500 --duration 1m --warmup 5s -q 2 -t a/{i}/b --size 1k --seed 7 --topics 3 -r --keep-retained --topic-alias ' +
      '--publishers 3 --subscribers 2 --window 30 --flood --drain-timeout 500ms';
    expect(await planOf(argv.split(' '))).toMatchObject({
      messages: 500,
      durationMs: 60_000,
      warmupMs: 5000,
      qos: 2,
      seed: 7,
      retain: true,
      keepsRetained: true,
      topicAlias: true,
      topic: 'a/{i}/b/{topic}',
      filter: 'a/+/b/+',
      topics: 3,
      payload: { kind: 'filler', source: null, sizeBytes: 1000 },
      publishers: 3,
      subscribers: 2,
      window: 30,
      isWindowChosen: true,
      flood: true,
      drainTimeoutMs: 500,
    });
  });

  it('has no window and no number of messages where the clock and a duration decide', async () => {
    const plan = await planOf('--rate 2.5k --duration 10s --ramp 2s'.split(' '));
    expect(plan).toMatchObject({ rate: 2500, rampMs: 2000, durationMs: 10_000, messages: null, window: null });
    expect(totalOf(plan)).toBe(2500 * 9);
  });

  it('has no window with --flood at QoS 0, where nothing is acknowledged', async () => {
    expect(await planOf(['--flood'])).toMatchObject({ flood: true, window: null });
    expect(await planOf(['--flood', '-q', '1'])).toMatchObject({ flood: true, window: 1000 });
  });

  it('derives the Topic Filter: + for each level in which something varies', async () => {
    const filterFor = async (...argv: string[]): Promise<unknown> => (await planOf(argv)).filter;
    expect(await filterFor('-t', 'a/b')).toBe('a/b');
    expect(await filterFor('-t', 'a/x{rand:10}y/{{b/{topic}{i}')).toBe('a/+/{b/+');
    expect(await filterFor('--topics', '5')).toBe(`mqtt-bench/${RUN_ID}/+/+`);
    expect(await filterFor('-t', '{topic}/{run}', '--topics', '5')).toBe(`+/${RUN_ID}`);
    expect(await filterFor('-t', 'a/{i}', '--share', 'g')).toBe('$share/g/a/+');
  });

  it('makes pairs: as many of both as were given of one, each subscriber with a filter of its own', async () => {
    const plan = await planOf(['--pairs', '--publishers', '10000', '-t', 'a/p{publisher}/{i}']);
    expect(plan).toMatchObject({ shape: 'pairs', publishers: 10_000, subscribers: 10_000 });
    expect([filterOf(plan, 0), filterOf(plan, 9999)]).toEqual(['a/p0/+', 'a/p9999/+']);
    expect(await planOf(['--pairs', '--subscribers', '3'])).toMatchObject({ publishers: 3, subscribers: 3 });
  });

  it('makes payloads, with the header by which they are verified', async () => {
    const payloadFor = async (...argv: string[]): Promise<unknown> => (await planOf(argv)).payload;
    expect(await payloadFor('--payload', 'hello')).toEqual({ kind: 'text', source: 'hello', sizeBytes: 29 });
    expect(await payloadFor('--payload', '{"run":"{run}"}')).toMatchObject({ kind: 'text', sizeBytes: 24 + 26 });
    expect(await payloadFor('--payload', '{"n":{i}}', '-n', '101', '--publishers', '1')).toEqual({
      kind: 'template',
      source: '{"n":{i}}',
      sizeBytes: 24 + 6 + 3,
    });
    expect(await payloadFor('--payload-file', file)).toEqual({ kind: 'file', source: file, sizeBytes: 28 });
  });

  it.each([
    [['--size', '23'], /^--size 23: must be at least 24 bytes \| Each payload starts with a header/],
    [['--size', '0'], /^--size 0: must be at least 24 bytes/],
    [['--size', '1G'], /^--size 1G: must be from/],
    [['--size', 'big'], /^--size big: must be a size/],
    [['--publishers', '0'], /^--publishers 0: must be a whole number from 1 to 100000$/],
    [['--subscribers', '-1'], /^--subscribers -1: must be a whole number/],
    [['-n', '0'], /^-n 0: must be a whole number from 1 to/],
    [['-n', '1.5'], /^-n 1\.5: must be a whole number/],
    [['-n', '4294967296'], /^-n 4294967296: must be/],
    [['--qos', '3'], /^--qos 3: must be 0, 1 or 2$/],
    [['--window', '0'], /^--window 0: must be a whole number from 1/],
    [['--drain-timeout', '0'], /^--drain-timeout 0: must be a duration from 1ms/],
    [['--drain-timeout', 'soon'], /^--drain-timeout soon: must be a duration/],
    [['--duration', '0'], /^--duration 0: must be a duration from 1ms/],
    [['--rate', '0'], /^--rate 0: must be from 0\.001 to 10000000$/],
    [['--rate', '-5'], /^--rate -5: must be a number of messages per second/],
    [['--rate', 'fast'], /^--rate fast: must be a number of messages per second, such as 500, 0\.5 or 20k$/],
    [['--rate', '11M'], /^--rate 11M: must be from/],
    [['--ramp', '5s'], /^--ramp has no effect without --rate/],
    [['--rate', '5', '--window', '5'], /^--window and --rate exclude each other \| With --rate messages are sent by/],
    [['--rate', '5', '--flood'], /^--flood and --rate exclude each other$/],
    [['--flood', '--window', '5'], /^--window has no effect at QoS 0 here, for nothing is acknowledged$/],
    [['--duration', '5', '--warmup', '5'], /^--warmup must be shorter than --duration/],
    [['--keep-retained'], /^--keep-retained has no effect without --retain$/],
    [['--topic-alias', '-D', 'publish', 'topic-alias', '1'], /^--topic-alias and -D publish topic-alias exclude/],
    [['--seed', '4294967296'], /^--seed 4294967296: must be a whole number from 0 to 4294967295$/],
    [['--topics', '0'], /^--topics 0: must be a whole number from 1/],
    [['-t', ''], /^-t "": must not be empty$/],
    [['-t', 'a/+'], /^-t a\/\+: must not hold the wildcards/],
    [['-t', 'a/#'], /^-t a\/#: must not hold the wildcards/],
    [['-t', '$SYS/a'], /^-t \$SYS\/a: must not start with "\$"/],
    [['-t', '$share/g/a'], /must not start with "\$"/],
    [
      ['-t', 'a/{x}'],
      /^-t .a\/\{x\}.: there is no \{x\} \(at 3\) \| There are \{run\}, \{publisher\}, \{i\}, \{topic\}, \{rand:1000\}; \{\{ is a brace\.$/,
    ],
    [['-t', 'a/{time}'], /^-t .a\/\{time\}.: there is no \{time\} \(at 3\)/],
    [['-t', 'a/{'], /^-t .a\/\{.: "\{" at 3 begins no placeholder/],
    [['-t', 'x'.repeat(65_536)], /: must be at most 65535 bytes long$/],
    [
      ['-t', `${'x'.repeat(65_531)}{i}`, '-n', '10001'],
      /^-t: the longest topic that it gives must be at most 65535 bytes long$/,
    ],
    [['-t', '/'.repeat(201)], /: must have at most 200 "\/"$/],
    [['-t', '/'.repeat(200), '--topics', '2'], /^-t: the longest topic that it gives must have at most 200 "\/"$/],
    [['--payload', '{rand}'], /^--payload .\{rand\}.: \{rand\} \(at 1\) must have a number from 1 to 1000000000/],
    [['--payload', 'a', '--size', '30'], /^--size and --payload exclude each other$/],
    [['--payload', 'a', '--payload-file', 'b'], /^--payload and --payload-file exclude each other$/],
    [['--payload-file', join(folder, 'none')], /^--payload-file .*none: no such file$/],
    [
      ['--workers', '4', '--publishers', '3', '--window', '2'],
      /^--window 2 cannot be divided among 3 of --workers 4 \|/,
    ],
    [['--pairs', '--share', 'g'], /^--pairs and --share exclude each other$/],
    [
      ['--pairs', '--publishers', '2', '--subscribers', '3'],
      /^--pairs: --publishers 2 and --subscribers 3 make no pairs$/,
    ],
    [['--pairs', '-t', 'a/{i}'], /^-t a\/\{i\}: with --pairs it must have \{publisher\}$/],
    [['--share', 'a/b'], /^--share a\/b: must not hold "\/"$/],
    [['--share', '+'], /^--share \+: must have a ShareName without wildcards/],
    [['--share', ''], /^--share "": must not be empty$/],
    [['--share', 'g', '-t', 'x'.repeat(65_530)], /^--share g: the Topic Filter must be at most 65535 bytes long$/],
    [['--publishers', '1000', '--subscribers', '101'], /^--publishers 1000 and --subscribers 101 make 101000 paths/],
  ])('refuses what is wrong: %#', async (argv, message) => {
    expect(await messageOf(argv)).toMatch(message);
  });

  it.each([
    [['--size', '24']],
    [['-t', 'x'.repeat(65_535)]],
    [['-t', `${'x'.repeat(65_531)}{i}`, '-n', '10000']],
    [['--publishers', '1000', '--subscribers', '100']],
    [['--workers', '4', '--publishers', '3', '--window', '3']],
    [['-n', '4294967295']],
    [['--rate', '0.001']],
    [['--rate', '10M']],
    [['--payload', '{"a":{"b":1},"c":[{}]}']],
  ])('takes what is just within bounds: %#', async (argv) => {
    expect(await messageOf(argv)).toBe('accepted');
  });
});

describe('resolvePubPlan', () => {
  it('has no subscribers, and payloads as they were given', async () => {
    expect(await planOf(['--payload', 'hello', '-q', '1'], resolvePubPlan)).toMatchObject({
      scenario: 'pub',
      filter: null,
      subscribers: 0,
      window: 1000,
      flood: false,
      payload: { kind: 'text', source: 'hello', sizeBytes: 5 },
    });
    expect(await planOf(['--size', '0'], resolvePubPlan)).toMatchObject({ window: null, payload: { sizeBytes: 0 } });
  });

  it('has no window at QoS 0', async () => {
    expect(await messageOf(['--window', '10'], resolvePubPlan)).toMatch(/^--window has no effect at QoS 0 here/);
  });
});

describe('a plan', () => {
  it('divides the messages among the publishers, leaving none out', () => {
    const plan = makePlan({ messages: 11, publishers: 4 });
    expect([0, 1, 2, 3].map((publisher) => messagesOf(plan, publisher))).toEqual([3, 3, 3, 2]);
    const few = makePlan({ messages: 1, publishers: 3 });
    expect([0, 1, 2].map((publisher) => messagesOf(few, publisher))).toEqual([1, 0, 0]);
    expect(messagesOf(makePlan({ messages: null, durationMs: 5000 }), 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('sends what is due within the duration, or the number of messages, whichever is less', () => {
    expect(totalOf(makePlan({ messages: null, durationMs: 10_000, rate: 1000 }))).toBe(10_000);
    expect(totalOf(makePlan({ messages: 5000, durationMs: 10_000, rate: 1000 }))).toBe(5000);
    expect(totalOf(makePlan({ messages: 5000, durationMs: 10_000 }))).toBe(5000);
  });

  it('divides the window among the publishers, with a place for each', () => {
    expect(publisherWindowOf(makePlan({ window: 1000, publishers: 3 }))).toBe(334);
    expect(publisherWindowOf(makePlan({ window: 2, publishers: 5 }))).toBe(1);
  });

  it('says how many are due to have each message', () => {
    const size = { publishers: 4, subscribers: 4 };
    expect(deliveriesDueOf(makePlan({ ...size }))).toBe(4);
    expect(deliveriesDueOf(makePlan({ ...size, shape: 'pairs' }))).toBe(1);
    expect(deliveriesDueOf(makePlan({ ...size, shape: 'shared' }))).toBe(1);
    expect(deliveriesDueOf(makePlan({ ...size, scenario: 'pub' }))).toBe(0);
  });
});
