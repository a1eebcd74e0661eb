import { type BenchPlan, messagesOf, windowOf } from '../plan/plan.ts';

/** The part of a run that one thread does: publishers and subscribers `from` up to, not including, `to`. */
export interface Share {
  readonly publishers: Range;
  readonly subscribers: Range;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Divides a run among threads. The members of a shared subscription stay together: one thread tells their duplicates. */
export function divide(plan: BenchPlan, threads: number): readonly Share[] {
  const { publishers, shape, subscribers } = plan;
  return Array.from({ length: threads }, (_, index) => ({
    publishers: partOf(publishers, index, threads),
    subscribers:
      shape === 'shared'
        ? { from: 0, to: index === 0 ? subscribers : 0 }
        : // Counted from the last: with one publisher and one subscriber each has a thread of its own.
          partOf(subscribers, threads - 1 - index, threads),
  }));
}

/** Parts that differ by one at most, the larger ones first. */
function partOf(count: number, index: number, parts: number): Range {
  const base = Math.floor(count / parts);
  const larger = count % parts;
  const from = index * base + Math.min(index, larger);
  return { from, to: from + base + (index < larger ? 1 : 0) };
}

export function sizeOf({ from, to }: Range): number {
  return to - from;
}

/** Whether there is anything for a thread to do. */
export function isEmpty({ publishers, subscribers }: Share): boolean {
  return sizeOf(publishers) + sizeOf(subscribers) === 0;
}

/** The plan of the publishers of one share, as if they were all there are. */
export function planOf(plan: BenchPlan, { publishers }: Share): BenchPlan {
  const count = sizeOf(publishers);
  const part = count / plan.publishers;
  let messages = plan.messages;
  if (messages !== null) {
    messages = 0;
    for (let index = publishers.from; index < publishers.to; index += 1) messages += messagesOf(plan, index);
  }
  return {
    ...plan,
    publishers: count,
    messages,
    window: plan.window === null ? null : Math.max(1, Math.floor(windowOf(plan) * part)),
    // The rate stays that of all: they take turns, so that threads do not all send at the same time.
    turns: { first: publishers.from, count, all: plan.publishers },
  };
}

/** Which share a publisher belongs to. */
export function ownersOf(shares: readonly Share[]): Uint16Array {
  const owners = new Uint16Array(Math.max(0, ...shares.map(({ publishers }) => publishers.to)));
  for (const [index, { publishers }] of shares.entries()) owners.fill(index, publishers.from, publishers.to);
  return owners;
}
