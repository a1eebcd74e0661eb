import { describe, expect, it } from 'vitest';
import { messagesOf, publisherWindowOf, resolveBenchPlan, topicOf } from '../../src/bench/plan.ts';
import { UsageError } from '../../src/errors.ts';
import { benchOptions } from '../../src/options/bench.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { makePlan, RUN_ID } from './support/drive.ts';

function planOf(...argv: string[]): ReturnType<typeof resolveBenchPlan> {
  return resolveBenchPlan(parseOptions({ specs: benchOptions, argv, env: {} }), RUN_ID);
}

function messageOf(...argv: string[]): string {
  try {
    planOf(...argv);
  } catch (error) {
    if (error instanceof UsageError) return [error.message, error.hint].filter(Boolean).join(' | ');
    throw error;
  }
  return 'accepted';
}

describe('resolveBenchPlan', () => {
  it('has a default for everything', () => {
    expect(planOf()).toEqual({
      scenario: 'pubsub',
      runId: RUN_ID,
      messages: 10_000,
      qos: 0,
      topicPrefix: `mqtt-bench/${RUN_ID}`,
      sizeBytes: 64,
      publishers: 1,
      subscribers: 1,
      window: 1000,
      isWindowChosen: false,
      drainTimeoutMs: 10_000,
    });
  });

  it('takes every option', () => {
    const argv = '-n 500 -q 2 -t a/b --size 1k --publishers 3 --subscribers 2 --window 30 --drain-timeout 500ms'.split(
      ' ',
    );
    expect(planOf(...argv)).toEqual({
      scenario: 'pubsub',
      runId: RUN_ID,
      messages: 500,
      qos: 2,
      topicPrefix: 'a/b',
      sizeBytes: 1000,
      publishers: 3,
      subscribers: 2,
      window: 30,
      isWindowChosen: true,
      drainTimeoutMs: 500,
    });
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
    [['-t', ''], /^-t "": must not be empty$/],
    [['-t', 'a/+'], /^-t a\/\+: must not hold the wildcards/],
    [['-t', 'a/#'], /^-t a\/#: must not hold the wildcards/],
    [['-t', '$SYS/a'], /^-t \$SYS\/a: must not start with "\$"/],
    [['-t', '$share/g/a'], /must not start with "\$"/],
    [['-t', 'x'.repeat(65_535)], /: leaves no room for \/99999: a topic must be at most 65535 bytes long$/],
    [['-t', '/'.repeat(200)], /: leaves no room for \/99999: a topic must have at most 200 "\/"$/],
    [['--publishers', '1000', '--subscribers', '101'], /^--publishers 1000 and --subscribers 101 make 101000 paths/],
  ])('refuses %j', (argv, message) => {
    expect(messageOf(...argv)).toMatch(message);
  });

  it.each([
    [['--size', '24']],
    [['-t', 'x'.repeat(65_529)]],
    [['--publishers', '1000', '--subscribers', '100']],
    [['-n', '4294967295']],
  ])('takes what is just within bounds', (argv) => {
    expect(messageOf(...argv)).toBe('accepted');
  });
});

describe('a plan', () => {
  it('divides the messages among the publishers, leaving none out', () => {
    const plan = makePlan({ messages: 11, publishers: 4 });
    expect([0, 1, 2, 3].map((publisher) => messagesOf(plan, publisher))).toEqual([3, 3, 3, 2]);
    const few = makePlan({ messages: 1, publishers: 3 });
    expect([0, 1, 2].map((publisher) => messagesOf(few, publisher))).toEqual([1, 0, 0]);
  });

  it('divides the window among the publishers, with a place for each', () => {
    expect(publisherWindowOf(makePlan({ window: 1000, publishers: 3 }))).toBe(334);
    expect(publisherWindowOf(makePlan({ window: 2, publishers: 5 }))).toBe(1);
  });

  it('has a topic for each publisher', () => {
    const plan = makePlan({ topic: 'a/b/{publisher}', publishers: 2 });
    expect([topicOf(plan, 0), topicOf(plan, 1)]).toEqual(['a/b/0', 'a/b/1']);
  });
});
