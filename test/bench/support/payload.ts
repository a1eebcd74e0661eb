import { Contents } from '../../../src/bench/content/content.ts';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';

/** The payload of one message, as its publisher writes it. */
export function payloadOf(plan: BenchPlan, publisher: number, sequence: number, dueUs = 0, sentUs = dueUs): Buffer {
  const content = new Contents(plan, 0).of(publisher);
  const payload = Buffer.alloc(content.sizeOf(sequence));
  content.write(payload, 0, sequence, dueUs, sentUs);
  return payload;
}
