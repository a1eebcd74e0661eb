/** From options to the plan of a scenario that publishes. */
import { UsageError } from '../../errors.ts';
import { findFilterFault, findTopicNameFault } from '../../mqtt/topic.ts';
import {
  benchQosOption,
  drainTimeoutOption,
  messagesOption,
  publishersOption,
  subscribersOption,
  windowOption,
} from '../../options/bench.ts';
import {
  benchRetainOption,
  keepRetainedOption,
  MOST_PAYLOAD_BYTES,
  payloadFileOption,
  payloadOption,
  seedOption,
  sizeOption,
  topicAliasOption,
  topicsOption,
  topicTemplateOption,
} from '../../options/bench-content.ts';
import {
  durationOption,
  floodOption,
  pairsOption,
  rampOption,
  rateOption,
  shareOption,
  warmupOption,
  workersOption,
} from '../../options/bench-load.ts';
import { findMaxOption } from '../../options/bench-verdict.ts';
import { debugOption } from '../../options/connection.ts';
import { readNamedFile } from '../../options/files.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { propertiesFor, refusePropertiesOf } from '../../options/properties.ts';
import type { OptionSpec } from '../../options/spec.ts';
import { formatDurationMs, formatQuantity } from '../../output/units.ts';
import { hasHeader } from '../content/content.ts';
import { PROBE_HEADER_BYTES, type RunId } from '../content/probe.ts';
import { hasPlaceholder, longestOf, parseTemplate, Template } from '../content/template.ts';
import { type BenchPlan, emptyPlan, makeFilter, scheduleOf, totalOf } from './plan.ts';
import { resolveConnecting } from './resolve-connecting.ts';
import { refuseEmbeddedSharing } from './shared-subscription.ts';

/** Each path from a publisher to a subscriber has counters and bitmaps of its own. */
const MOST_PATHS = 100_000;
const DEFAULT_MESSAGES = 10_000;
/** One after the other: at 44 ms each, as with Nagle's algorithm in the broker, in less than a minute. */
const DEFAULT_REQUESTS = 1000;
const DEFAULT_TOPIC = 'mqtt-bench/{run}/{publisher}';

/** `pubsub`: publishers, subscribers, every delivery verified. Throws UsageError for values that do not go together. */
export async function resolvePubsubPlan(values: OptionValues, runId: RunId): Promise<BenchPlan> {
  const shape = resolveShape(values);
  const plan = await resolveLoad({ ...emptyPlan('pubsub', runId), ...shape }, values, values.get(floodOption));
  const isPairs = plan.shape === 'pairs';
  if (isPairs && !hasPlaceholder(parseTemplate(plan.topic, 'topic', runId), 'publisher')) {
    throw new UsageError(`${values.spelled(topicTemplateOption)} ${plan.topic}: with --pairs it must have {publisher}`);
  }
  const own = makeFilter(plan.topic, runId, isPairs);
  const filter = plan.shareName === undefined ? own : `$share/${plan.shareName}/${own}`;
  const fault = findFilterFault(filter);
  if (fault !== undefined) throw new UsageError(`--share ${plan.shareName}: the Topic Filter ${fault.reason}`);
  refuseEmbeddedSharing({ ...plan, filter }, values);
  return divided({ ...plan, filter }, values);
}

/** `pub`: publishers alone. Throws UsageError for values that do not go together. */
export async function resolvePubPlan(values: OptionValues, runId: RunId): Promise<BenchPlan> {
  const publishers = values.get(publishersOption);
  return divided(await resolveLoad({ ...emptyPlan('pub', runId), publishers }, values, true), values);
}

/** By --workers. */
function divided(plan: BenchPlan, values: OptionValues): BenchPlan {
  const { publishers, window } = plan;
  const workers = values.get(workersOption);
  if (workers > 0 && values.get(debugOption) > 0) {
    throw new UsageError(
      `${values.spelled(workersOption)} and ${values.spelled(debugOption)} exclude each other`,
      'A trace is of the main thread.',
    );
  }
  if (window !== null && window < Math.min(workers, publishers)) {
    throw new UsageError(
      `--window ${window} cannot be divided among ${Math.min(workers, publishers)} of --workers ${workers}`,
      'Each thread that publishes needs a place in the window.',
    );
  }
  return { ...plan, workers };
}

function resolveShape(values: OptionValues): Partial<BenchPlan> {
  const shareName = values.get(shareOption);
  const isPairs = values.get(pairsOption);
  if (isPairs && shareName !== undefined) excludeEachOther(values, pairsOption, shareOption);
  let publishers = values.get(publishersOption);
  let subscribers = values.get(subscribersOption);
  if (isPairs) {
    if (!values.has(subscribersOption)) subscribers = publishers;
    if (!values.has(publishersOption)) publishers = subscribers;
    if (publishers !== subscribers) {
      throw new UsageError(`--pairs: --publishers ${publishers} and --subscribers ${subscribers} make no pairs`);
    }
  } else if (publishers * subscribers > MOST_PATHS) {
    throw new UsageError(
      `--publishers ${publishers} and --subscribers ${subscribers} make ${publishers * subscribers} paths to verify; ${MOST_PATHS} is the most`,
      'With --pairs each subscriber has one publisher.',
    );
  }
  return {
    publishers,
    subscribers,
    shape: isPairs ? 'pairs' : shareName === undefined ? 'all' : 'shared',
    ...(shareName !== undefined && { shareName }),
  };
}

/**
 * What is the same for every scenario that publishes. Throws UsageError for values that do not go together.
 * @param base a window in it is the default.
 * @param endsAtAcceptance a place in the window is free when the message is accepted.
 */
export async function resolveLoad(
  base: BenchPlan,
  values: OptionValues,
  endsAtAcceptance: boolean,
): Promise<BenchPlan> {
  refusePropertiesOf(['subscribe', 'unsubscribe', 'disconnect'], values, 'mqtt-bench');
  const properties = propertiesFor('publish', values);
  const durationMs = values.get(durationOption) ?? null;
  const qos = values.get(benchQosOption);
  const defaultMessages = base.scenario === 'rr' ? DEFAULT_REQUESTS : DEFAULT_MESSAGES;
  const plan: BenchPlan = {
    ...base,
    ...resolvePace(values, durationMs),
    ...resolveWindow(values, endsAtAcceptance && qos === 0, base.window ?? values.get(windowOption)),
    ...resolveConnecting(values),
    messages: values.get(messagesOption) ?? (durationMs === null ? defaultMessages : null),
    durationMs,
    qos,
    seed: values.get(seedOption) ?? base.seed,
    flood: base.scenario === 'pubsub' && endsAtAcceptance,
    retain: values.get(benchRetainOption),
    keepsRetained: values.get(keepRetainedOption),
    topicAlias: values.get(topicAliasOption),
    drainTimeoutMs: values.get(drainTimeoutOption),
    ...(properties && { properties }),
  };
  if (values.get(findMaxOption) === undefined) refuseLongWarmup(plan);
  if (plan.keepsRetained && !plan.retain) throw new UsageError('--keep-retained has no effect without --retain');
  if (plan.topicAlias && properties?.topicAlias !== undefined) {
    throw new UsageError('--topic-alias and -D publish topic-alias exclude each other');
  }
  const topical = resolveTopic(plan, values);
  return resolvePayload(topical, values);
}

function resolvePace(values: OptionValues, durationMs: number | null): Partial<BenchPlan> {
  const rate = values.get(rateOption) ?? null;
  const warmupMs = values.get(warmupOption) ?? 0;
  if (rate === null && values.has(rampOption)) {
    throw new UsageError('--ramp has no effect without --rate', 'It is the time in which the rate rises to --rate.');
  }
  if (durationMs !== null && warmupMs >= durationMs) {
    throw new UsageError('--warmup must be shorter than --duration', 'Nothing would be left to measure.');
  }
  return { rate, rampMs: values.get(rampOption) ?? 0, warmupMs };
}

/** Throws UsageError where all that there is to send is due before the warm-up is over. Without a rate nobody knows yet. */
function refuseLongWarmup(plan: BenchPlan): void {
  const { warmupMs } = plan;
  const schedule = scheduleOf(plan);
  const total = totalOf(plan);
  if (schedule === undefined || warmupMs === 0 || schedule.dueMs(total - 1) >= warmupMs) return;
  throw new UsageError(
    `--warmup ${formatDurationMs(warmupMs)}: all ${formatQuantity(total, 'message')} are due before it is over`,
    'Nothing would be left to measure.',
  );
}

function resolveWindow(values: OptionValues, isUnbounded: boolean, byDefault: number): Partial<BenchPlan> {
  const isChosen = values.has(windowOption);
  if (values.has(rateOption)) {
    if (isChosen) excludeEachOther(values, windowOption, rateOption, 'With --rate messages are sent by the clock.');
    if (values.has(floodOption) && values.get(floodOption)) excludeEachOther(values, floodOption, rateOption);
    return { window: null };
  }
  if (isUnbounded) {
    if (isChosen) throw new UsageError('--window has no effect at QoS 0 here, for nothing is acknowledged');
    return { window: null };
  }
  return { window: isChosen ? values.get(windowOption) : byDefault, isWindowChosen: isChosen };
}

function resolveTopic(plan: BenchPlan, values: OptionValues): BenchPlan {
  const { publishers, runId } = plan;
  const topics = values.get(topicsOption);
  const given = values.get(topicTemplateOption) ?? DEFAULT_TOPIC;
  const isSpread = topics > 1 && !hasPlaceholder(parseTemplate(given, 'topic', runId), 'topic');
  const topic = isSpread ? `${given}/{topic}` : given;
  const longest = longestOf(parseTemplate(topic, 'topic', runId), publishers, totalOf(plan), topics);
  const fault = findTopicNameFault(longest);
  if (fault !== undefined) {
    throw new UsageError(`${values.spelled(topicTemplateOption)}: the longest topic that it gives ${fault.reason}`);
  }
  return { ...plan, topic, topics };
}

async function resolvePayload(plan: BenchPlan, values: OptionValues): Promise<BenchPlan> {
  const [first, second] = [sizeOption, payloadOption, payloadFileOption].filter((spec) => values.has(spec));
  if (first !== undefined && second !== undefined) excludeEachOther(values, first, second);
  const made = await makePayload(plan, values);
  if (made.payload.kind === 'filler') {
    if (plan.scenario !== 'pub' && made.payload.sizeBytes < PROBE_HEADER_BYTES) {
      throw new UsageError(
        `--size ${made.payload.sizeBytes}: must be at least ${PROBE_HEADER_BYTES} bytes`,
        'Each payload starts with a header by which its delivery is verified: run, publisher, sequence, time.',
      );
    }
    return made;
  }
  const sizeBytes = made.payload.sizeBytes + (hasHeader(made) ? PROBE_HEADER_BYTES : 0);
  if (sizeBytes > MOST_PAYLOAD_BYTES) {
    throw new UsageError(
      `${values.spelled(first ?? payloadOption)}: the payload must be at most ${MOST_PAYLOAD_BYTES} bytes`,
    );
  }
  return { ...made, payload: { ...made.payload, sizeBytes } };
}

/** With the size of what comes after the header. */
async function makePayload(plan: BenchPlan, values: OptionValues): Promise<BenchPlan> {
  const source = values.get(payloadOption);
  const path = values.get(payloadFileOption);
  if (path !== undefined) {
    const payloadBytes = await readNamedFile(values.spelled(payloadFileOption), path);
    return { ...plan, payload: { kind: 'file', source: path, sizeBytes: payloadBytes.length }, payloadBytes };
  }
  if (source === undefined) {
    return { ...plan, payload: { kind: 'filler', source: null, sizeBytes: values.get(sizeOption) } };
  }
  const pieces = parseTemplate(source, 'payload', plan.runId);
  if (pieces.every((piece) => typeof piece === 'string')) {
    const payloadBytes = Buffer.from(pieces.join(''));
    return { ...plan, payload: { kind: 'text', source, sizeBytes: payloadBytes.length }, payloadBytes };
  }
  const sizeBytes = new Template(pieces, plan, 0).longestOf(plan.publishers, totalOf(plan));
  return { ...plan, payload: { kind: 'template', source, sizeBytes } };
}

function excludeEachOther(values: OptionValues, one: OptionSpec, other: OptionSpec, hint?: string): never {
  throw new UsageError(`${values.spelled(one)} and ${values.spelled(other)} exclude each other`, hint);
}
