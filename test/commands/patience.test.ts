/** How long one attempt to connect may take, when there is patience for more than one. */
import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeBroker } from '../support/fake-session.ts';
import { startCli } from '../support/run-cli.ts';

const DOWN = new UnreachableError('nothing is listening');

describe.each([
  ['mqtt-pub', ['-t', 'a', '-m', 'x']],
  ['mqtt-sub', ['-t', 'a']],
  ['mqtt-rr', ['-t', 'a', '-e', 'b', '-m', 'x']],
])('%s %j', (name, words) => {
  it('gives no attempt more than is left of --wait-for-broker, and a second at least', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker(DOWN);
    const cli = startCli(name, [...words, '--wait-for-broker', '15', '--connect-timeout', '10'], { clock, broker });
    let isOver = false;
    const over = cli.result.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const next = await Promise.race([clock.waitForTimer(() => true), over.then(() => undefined)]);
      if (next !== undefined) await clock.advance(next);
    }
    expect((await over).exitCode).toBe(3);
    const limits = broker.plans.map(({ connectTimeoutMs }) => connectTimeoutMs);
    expect(limits[0]).toBe(10_000);
    expect(limits.at(-1)).toBe(1000);
    expect(limits.every((limit, index) => limit <= (limits[index - 1] ?? limit))).toBe(true);
    expect(limits.some((limit) => limit > 1000 && limit < 10_000)).toBe(true);
  });

  it('gives the only one all of --connect-timeout', async () => {
    const broker = new FakeBroker(DOWN);
    expect((await startCli(name, words, { broker }).result).exitCode).toBe(3);
    expect(broker.plans.map(({ connectTimeoutMs }) => connectTimeoutMs)).toEqual([10_000]);
  });
});
