import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outstanding } from '../../../src/bench/record/outstanding.ts';

interface Due {
  deliveries: number;
  acknowledgement: boolean;
  readonly sentUs: number;
}

/** The same, as anybody would write it. */
class NaiveOutstanding {
  readonly messages: (Due | undefined)[] = [];

  get count(): number {
    return this.messages.filter((due) => due !== undefined && (due.acknowledgement || due.deliveries > 0)).length;
  }

  giveUp(lastUs: number): number {
    let unacknowledged = 0;
    for (const [sequence, due] of this.messages.entries()) {
      if (due === undefined || due.sentUs > lastUs) continue;
      if (due.acknowledgement) unacknowledged += 1;
      this.messages[sequence] = undefined;
    }
    return unacknowledged;
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'add' as const, pick: 0 }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick: fc.nat(500) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), pick: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), pick: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('giveUp' as const), pick: fc.nat(500) }) },
);

describe('Outstanding', () => {
  it('counts like a list of messages, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), fc.nat(3), fc.boolean(), (steps, deliveries, acknowledged) => {
        const outstanding = new Outstanding(deliveries, acknowledged);
        const naive = new NaiveOutstanding();
        for (const [nowUs, { kind, pick }] of steps.entries()) {
          const due = naive.messages[pick];
          if (kind === 'add') {
            expect(outstanding.add(nowUs)).toBe(naive.messages.length);
            naive.messages.push({ deliveries, acknowledgement: acknowledged, sentUs: nowUs });
          } else if (kind === 'giveUp') {
            expect(outstanding.giveUp(pick)).toBe(naive.giveUp(pick));
          } else {
            outstanding[kind](pick);
            if (due === undefined) continue;
            if (kind === 'drop') naive.messages[pick] = { ...due, deliveries: 0, acknowledgement: false };
            else if (kind === 'acknowledge') due.acknowledgement = false;
            else due.deliveries = Math.max(0, due.deliveries - 1);
          }
          if (deliveries > 0 || acknowledged) expect(outstanding.count).toBe(naive.count);
        }
      }),
    );
  });

  it('knows what lies behind it', () => {
    const outstanding = new Outstanding(1, true);
    for (let message = 0; message < 3; message += 1) outstanding.add(message);
    outstanding.acknowledge(1);
    outstanding.deliver(1);
    expect([0, 1, 2].map((sequence) => outstanding.isPast(sequence))).toEqual([false, false, false]);
    expect(outstanding.giveUp(0)).toBe(1);
    expect([0, 1, 2].map((sequence) => outstanding.isPast(sequence))).toEqual([true, true, false]);
  });

  it('keeps one message that is never delivered among a million that are', () => {
    const outstanding = new Outstanding(1, false);
    for (let sequence = 0; sequence < 1_000_000; sequence += 1) {
      outstanding.add(sequence);
      if (sequence !== 10) outstanding.deliver(sequence);
    }
    expect(outstanding.count).toBe(1);
    expect(outstanding.isPast(9)).toBe(true);
    expect(outstanding.isPast(10)).toBe(false);
    outstanding.giveUp(10);
    expect(outstanding.count).toBe(0);
    expect(outstanding.isPast(999_999)).toBe(true);
  });
});
