/** Removes from the broker again what a run published with RETAIN. */
import type { Clock } from '../../cli/context.ts';
import type { QoS, Session } from '../../mqtt/session.ts';
import type { Contents } from '../content/content.ts';
import type { BenchRun, BenchWorld } from './run.ts';
import { within } from './within.ts';

/** As many as mosquitto takes of one connection by default. */
const MOST_IN_FLIGHT = 20;

/** What a publisher published to. */
interface RetainedBy {
  readonly publisher: number;
  /** Messages that it sent. */
  readonly attempted: number;
}

/** Every topic that a run published to, each once. */
function* retainedTopics(contents: Contents, publishers: readonly RetainedBy[]): Generator<string> {
  const seen = new Set<string>();
  for (const { publisher, attempted } of publishers) {
    const { topicOf } = contents.of(publisher);
    const count = Math.min(attempted, contents.topicPeriod);
    for (let sequence = 0; sequence < count; sequence += 1) {
      const topic = topicOf(sequence);
      if (seen.has(topic)) continue;
      seen.add(topic);
      yield topic;
    }
  }
}

/** What a removal needs beside the topics. */
interface Removal {
  readonly session: Session;
  readonly clock: Clock;
  /** How long each answer may take. */
  readonly limitMs: number;
}

/**
 * Publishes an empty retained message to each topic, which removes what is retained there. [MQTT5 3.3.1.3] Returns how
 * many the broker did not accept in time. Never rejects.
 */
async function removeRetained(topics: Iterable<string>, { clock, limitMs, session }: Removal): Promise<number> {
  const { info } = session;
  const qos: QoS = info.maximumQoS === 0 ? 0 : 1;
  const payload = Buffer.alloc(0);
  const source = topics[Symbol.iterator]();
  let left = 0;
  let isOver = false;
  const removeInTurn = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true; next = source.next()) {
      const sent = isOver || session.publish({ topic: next.value, payload, qos, retain: true }).catch(() => undefined);
      const outcome = sent === true ? undefined : await within(sent, limitMs, clock);
      // Whoever does not answer once is not asked for all the others.
      if (outcome === undefined) isOver = true;
      if (outcome === undefined || outcome.reasonCode >= 0x80) left += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(MOST_IN_FLIGHT, info.receiveMaximum) }, removeInTurn));
  if (qos === 0 && !isOver)
    await within(
      session.ping().catch(() => undefined),
      limitMs,
      clock,
    );
  return left;
}

/**
 * The run, when what it published with RETAIN has been removed from the broker over a connection of its own, unless it
 * is to stay there. Never rejects: what could not be removed is part of what it returns.
 */
export async function removeRetainedOf(
  run: BenchRun,
  contents: Contents,
  { clock, handlers, openSession }: Pick<BenchWorld, 'clock' | 'handlers' | 'openSession'>,
): Promise<BenchRun> {
  const { connection, plan, publishers, recorder } = run;
  const wasRetained = plan.retain && !plan.keepsRetained && publishers.some((info) => info.retainAvailable);
  const attempted = recorder.publishers.map((record, publisher) => ({ publisher, attempted: record.attempted }));
  if (!wasRetained || attempted.every((publisher) => publisher.attempted === 0)) return run;
  const topics = retainedTopics(contents, attempted);
  const { clientId, will, ...rest } = connection;
  try {
    const session = await openSession({ ...rest, clientId: clientId === '' ? '' : `${clientId}-clean-up` }, handlers);
    const retainedLeft = await removeRetained(topics, { session, clock, limitMs: plan.drainTimeoutMs });
    await session.close(undefined, undefined, plan.drainTimeoutMs);
    return { ...run, retainedLeft };
  } catch {
    return { ...run, retainedLeft: [...topics].length };
  }
}
