/** From options to the plans of `conn` and `rr`, and how the connections of every scenario are opened. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConnPlan } from '../../../src/bench/plan/conn-plan.ts';
import { emptyPlan } from '../../../src/bench/plan/plan.ts';
import { resolvePubsubPlan } from '../../../src/bench/plan/resolve-plan.ts';
import { resolveRrPlan } from '../../../src/bench/plan/rr-plan.ts';
import { UsageError } from '../../../src/errors.ts';
import { benchOptions } from '../../../src/options/bench.ts';
import { connOptions } from '../../../src/options/bench-conn.ts';
import { rrOptions } from '../../../src/options/bench-rr.ts';
import { parseOptions } from '../../../src/options/parse.ts';
import { RUN_ID } from '../support/drive.ts';

const conn = (...argv: string[]) => resolveConnPlan(parseOptions({ specs: connOptions, argv, env: {} }), RUN_ID);
const rr = (...argv: string[]) => resolveRrPlan(parseOptions({ specs: rrOptions, argv, env: {} }), RUN_ID);

/** What is wrong with it, and what to type instead. */
async function faultOf(make: () => unknown): Promise<string> {
  try {
    await make();
  } catch (error) {
    if (error instanceof UsageError) return [error.message, error.hint].filter(Boolean).join(' | ');
    throw error;
  }
  return 'accepted';
}

describe('mqtt-bench conn', () => {
  it('has a default for everything', () => {
    expect(conn()).toEqual({ ...emptyPlan('conn', RUN_ID), connections: 100, durationMs: 1000 });
  });

  it('takes every option', () => {
    const words = ['--connections', '1000000', '--connect-rate', '500', '--hold', '0', '--storm', '7', '-q', '1'];
    const more = ['--subscribe', 'a/{connection}/+', '--local-address', '::1,fe80::1', '--drain-timeout', '3s'];
    expect(conn(...words, ...more, '--will-topic', 'w')).toEqual({
      ...emptyPlan('conn', RUN_ID),
      connections: 1_000_000,
      connectRate: 500,
      durationMs: null,
      storms: 7,
      qos: 1,
      topic: 'w',
      filter: 'a/{connection}/+',
      localAddresses: ['::1', 'fe80::1'],
      drainTimeoutMs: 3000,
    });
  });

  it.each([
    [['--connections', '0'], '--connections 0: must be a whole number from 1 to 1000000'],
    [['--connect-rate', '0'], 'must be a whole number from 1 to 1000000'],
    [['--hold', '600h'], 'must be a duration up to 596h'],
    [['--hold', 'long'], 'must be a duration'],
    [['--storm', '-1'], 'must be a whole number'],
    [['--subscribe', 'a/#/b'], '--subscribe a/#/b'],
    [['--local-address', ''], 'must be IP addresses'],
    [['--local-address', '127.0.0.1,'], 'must be IP addresses'],
    [['--local-address', 'localhost'], 'must be IP addresses'],
    [['--local-address', '127.0.0.1,127.0.0.1'], 'must not name an address twice'],
    [['--local-address', '127.0.0.1,::1'], 'must be all IPv4, or all IPv6'],
    [['--local-address', '127.0.0.1', '-A', '127.0.0.2'], '--local-address and -A exclude each other'],
    [['-D', 'publish', 'content-type', 'x'], '-D publish content-type: mqtt-bench conn sends no PUBLISH'],
  ])('refuses %j', async (argv, fault) => {
    expect(await faultOf(() => conn(...argv))).toContain(fault);
  });

  it('takes any list of different addresses of one kind, in its order', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uniqueArray(fc.ipV4(), { minLength: 1 }), fc.uniqueArray(fc.ipV6(), { minLength: 1 })),
        (list) => {
          expect(conn('--local-address', list.join(',')).localAddresses).toEqual(list);
        },
      ),
    );
  });
});

describe('mqtt-bench rr', () => {
  it('has a default for everything', async () => {
    expect(await rr()).toMatchObject({
      scenario: 'rr',
      messages: 1000,
      publishers: 1,
      subscribers: 1,
      responders: 1,
      shape: 'pairs',
      topic: 'mqtt-bench/{run}/{publisher}',
      filter: `mqtt-bench/${RUN_ID}/response/{publisher}`,
      window: 1,
      rate: null,
    });
    expect(await rr()).toMatchObject({ isWindowChosen: false });
  });

  it('lets each requester wait for one response by default, and for more with --window', async () => {
    expect(await rr('--requesters', '7')).toMatchObject({ publishers: 7, window: 7 });
    expect(await rr('--requesters', '7', '--window', '1')).toMatchObject({ window: 1, isWindowChosen: true });
    expect(await rr('--window', '1000')).toMatchObject({ window: 1000, isWindowChosen: true });
  });

  it('takes load and content as other scenarios do', async () => {
    const words = ['-n', '50', '--requesters', '4', '--responders', '0', '-t', 's', '-e', 'a/{run}/{publisher}'];
    const plan = await rr(...words, '--rate', '10', '--payload', 'hello', '--connect-rate', '3');
    expect(plan).toMatchObject({
      messages: 50,
      publishers: 4,
      subscribers: 4,
      responders: 0,
      topic: 's',
      filter: `a/${RUN_ID}/{publisher}`,
      rate: 10,
      window: null,
      connectRate: 3,
      payload: { kind: 'text', source: 'hello', sizeBytes: 29 },
    });
  });

  it.each([
    [['--requesters', '2', '-e', 'answers'], 'with more than one requester it must have {publisher}'],
    [['-t', 'a/{publisher}', '-e', 'a/b'], 'responses would be taken for requests, which go to a/{publisher}'],
    [['-t', 'a', '-e', 'a'], 'responses would be taken for requests'],
    [['-e', 'a/+'], '-e a/+'],
    [['--size', '23'], 'must be at least 24 bytes'],
    [['-D', 'publish', 'response-topic', 'x'], '-D publish response-topic: each request of mqtt-bench rr has its own'],
    [['-D', 'publish', 'correlation-data', 'x'], '-D publish correlation-data'],
    [['-D', 'publish', 'topic-alias', '1'], '-D publish topic-alias'],
    [['--window', '10', '--rate', '5'], 'exclude each other'],
  ])('refuses %j', async (argv, fault) => {
    expect(await faultOf(() => rr(...argv))).toContain(fault);
  });
});

describe('every scenario', () => {
  it('opens its connections by the same options', async () => {
    const argv = ['--connect-rate', '20', '--local-address', '127.0.0.1,127.0.0.2'];
    const plan = await resolvePubsubPlan(parseOptions({ specs: benchOptions, argv, env: {} }), RUN_ID);
    expect(plan).toMatchObject({ connectRate: 20, localAddresses: ['127.0.0.1', '127.0.0.2'] });
  });
});
