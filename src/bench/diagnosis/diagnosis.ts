import { formatCount, formatDurationMs, formatQuantity } from '../../output/units.ts';
import { makeFilter, windowOf } from '../plan/plan.ts';
import { needsSharedSubscription } from '../plan/shared-subscription.ts';
import { HOLDS, type Hold, LATE_US, type ScheduleRecord } from '../record/schedule-record.ts';
import type { BenchResult, Diagnosis, DiagnosisCode, Sample } from '../result/result.ts';
import type { Plateau } from './plateau.ts';
import { describeSelfLimit } from './self-limit.ts';

/** What a diagnosis rests on beside the figures of the result. */
export interface Evidence {
  readonly plateau: Plateau | undefined;
  /** The broker runs inside this process. */
  readonly embedded: boolean;
  /** The figures of `$SYS` before the first message. */
  readonly sysBefore?: Sample['sys'];
  /** Fewer than the default window were on their way, because the broker could not say how many it takes. */
  readonly isWindowReduced?: boolean;
  /** Retained messages of the run that could not be removed again. */
  readonly retainedLeft?: number | undefined;
  /** How well the schedule of --rate was kept. */
  readonly schedule?: ScheduleRecord;
}

export type Undiagnosed = Omit<BenchResult, 'diagnosis'>;

type Check = (result: Undiagnosed, evidence: Evidence) => string | undefined;

/** mosquitto's default `max_inflight_messages`. */
const MOSQUITTO_IN_FLIGHT = 20;
/** mosquitto's default `max_queued_messages`. */
const MOSQUITTO_QUEUED = 1000;

/** In the order in which they are shown: what explains most comes first. */
const CHECKS: Readonly<Record<DiagnosisCode, Check>> = {
  'no-answer': findNoAnswer,
  'nothing-delivered': findNothingDelivered,
  refused: findRefusals,
  'mosquitto-queue-limits': findQueueLimits,
  'mosquitto-inflight-limit': findInflightLimit,
  'sys-dropped': findSysDropped,
  'qos-downgraded': findDowngrade,
  'retain-unavailable': findRetainUnavailable,
  'retained-left': ({ config, runId }, { retainedLeft = 0 }) =>
    retainedLeft > 0 ? describeRetainedLeft(retainedLeft, makeFilter(config.topic, runId, false)) : undefined,
  unverified: findUnverified,
  'altered-payloads': findAltered,
  'self-limit': (result, { embedded }) => (embedded ? undefined : describeSelfLimit(result)),
  'missed-schedule': findMissedSchedule,
  'nagle-plateau': (_result, { plateau }) => plateau && describePlateau(plateau),
  'receive-maximum': findReceiveMaximum,
  'unstated-receive-maximum': findUnstatedReceiveMaximum,
  'embedded-broker': (_result, { embedded }) =>
    embedded
      ? 'The embedded broker shares this process and its CPU: these numbers tell nothing of another broker.'
      : undefined,
};

/** Says why a result is as it is, as far as the evidence goes. */
export function diagnose(result: Undiagnosed, evidence: Evidence): readonly Diagnosis[] {
  return Object.entries(CHECKS).flatMap(([code, check]) => {
    const sentence = check(result, evidence);
    return sentence === undefined ? [] : [{ code: code as DiagnosisCode, sentence }];
  });
}

function findNoAnswer({ ledger, outcome }: Undiagnosed): string | undefined {
  const { accepted, attempted, delivered, refused, timedOut } = ledger;
  if (timedOut === 0 || accepted + refused + delivered > 0 || outcome.kind === 'connection-lost') return undefined;
  return `The broker took the connections, and of ${formatQuantity(attempted, 'message')} it acknowledged none and delivered none.`;
}

function findNothingDelivered({ broker, config, ledger, outcome }: Undiagnosed): string | undefined {
  if (config.subscribers === 0 || ledger.accepted === 0 || ledger.delivered > 0 || outcome.kind === 'interrupted')
    return undefined;
  // mosquitto has them.
  if (needsSharedSubscription(config) && broker.name !== 'mosquitto') {
    return `The broker accepted ${formatQuantity(ledger.accepted, 'message')} and delivered none to a shared subscription: it probably has none, and took the SUBSCRIBE all the same, as RabbitMQ 3.10, ActiveMQ and ejabberd do.`;
  }
  return `The broker accepted ${formatQuantity(ledger.accepted, 'message')} and delivered none: it may withhold what this user must not publish or read without refusing it, as mosquitto's ACL file does.`;
}

function findRefusals({ refusals }: Undiagnosed): string | undefined {
  if (refusals.length === 0) return undefined;
  const each = refusals.map(({ count, reason, reasonString }) => {
    const said = reasonString === null ? '' : ` "${reasonString}"`;
    return `${formatQuantity(count, 'message')}: ${reason}${said}`;
  });
  return `The broker refused ${each.join('; ')}.`;
}

function findQueueLimits(result: Undiagnosed): string | undefined {
  const { broker, config, ledger } = result;
  if (!mayHaveLostInMosquitto(result) || broker.grantedQoS === 0 || ledger.delivered === 0) return undefined;
  // Who publishes is not known there: what did not come may never have been sent.
  if (config.scenario === 'sub' && !hasFilledQueue(result)) return undefined;
  const holds = `${subjectOf(broker)} holds ${MOSQUITTO_IN_FLIGHT} + ${formatCount(MOSQUITTO_QUEUED)} messages for a subscriber by default (max_inflight_messages, max_queued_messages)`;
  if (config.flood || windowOf(config) > MOSQUITTO_QUEUED) {
    return `${holds} and drops what comes beyond, although it accepts it. ${remedyOf(config)}, or set max_queued_messages 0.`;
  }
  // A window within the defaults is kept to them, whichever way mosquitto reads: so these are not the defaults.
  if (broker.name === null || findInflightLimit(result) !== undefined) return undefined;
  return `${holds}; what comes beyond it drops, although it accepts it. --window ${windowOf(config)} is within that, so that this one may be set to hold less. Use a smaller --window, such as ${Math.ceil(windowOf(config) / 4)}, or set max_queued_messages 0.`;
}

/** A subscriber that lacks something has all the same got what mosquitto holds for one. */
function hasFilledQueue({ perSubscriber }: Undiagnosed): boolean {
  return perSubscriber.some(({ delivered, lost }) => lost > 0 && delivered >= MOSQUITTO_IN_FLIGHT + MOSQUITTO_QUEUED);
}

function remedyOf({ flood, rate, scenario }: Undiagnosed['config']): string {
  // These are Wills, and the broker publishes all of a storm at once.
  if (scenario === 'conn') return 'Cut fewer --connections at once';
  if (flood) return 'Leave --flood away';
  if (scenario === 'sub') return 'Publish less at a time';
  return rate === null ? `Use --window ${MOSQUITTO_QUEUED}` : 'Use a lower --rate';
}

function findInflightLimit(result: Undiagnosed): string | undefined {
  const { broker, config } = result;
  const limit = MOSQUITTO_IN_FLIGHT * config.publishers;
  const canRefuse = broker.protocol === '5';
  if (!mayHaveLostInMosquitto(result) || config.qos < 2 || canRefuse || windowOf(config) <= limit) return undefined;
  return `${subjectOf(broker)} takes ${MOSQUITTO_IN_FLIGHT} QoS 2 messages of a publisher at a time by default (max_inflight_messages) and drops what comes beyond; before MQTT 5 it cannot say so. Use -V 5, or --window ${limit}.`;
}

/** Where mosquitto counts messages that it did not queue: `$SYS/broker/` and this. */
const DROPPED = 'publish/messages/dropped';

/** Of all clients of the broker: where every delivery is verified, and none is missing, it was not about this run. */
function findSysDropped({ config, ledger, samples }: Undiagnosed, { sysBefore }: Evidence): string | undefined {
  const last = samples.at(-1)?.sys?.[DROPPED];
  const before = sysBefore?.[DROPPED];
  if (last === undefined || before === undefined || last <= before) return undefined;
  if (config.scenario === 'pubsub' && ledger.lost === 0) return undefined;
  return `The broker dropped ${formatQuantity(last - before, 'message')} of all its clients while the run lasted, by its own count ($SYS/broker/${DROPPED}).`;
}

/** A run that was cut short has not waited for what it counts as lost. */
function mayHaveLostInMosquitto(result: Undiagnosed): boolean {
  const { broker, ledger } = result;
  return ledger.lost > 0 && ranToTheEnd(result) && (broker.name === null || broker.name === 'mosquitto');
}

function ranToTheEnd({ outcome }: Undiagnosed): boolean {
  return outcome.kind === 'completed' || outcome.kind === 'stalled';
}

function subjectOf({ name }: BenchResult['broker']): string {
  return name === null ? 'If the broker is mosquitto: it' : 'mosquitto';
}

function findDowngrade({ broker, config }: Undiagnosed): string | undefined {
  if (broker.grantedQoS >= config.qos) return undefined;
  return `The broker granted the subscription QoS ${broker.grantedQoS}, not ${config.qos}: deliveries were made at QoS ${broker.grantedQoS}.`;
}

function findRetainUnavailable({ broker, config }: Undiagnosed): string | undefined {
  if (!config.retain || broker.retainAvailable) return undefined;
  return 'The broker does not retain messages (Retain Available): they were published without RETAIN.';
}

function describeRetainedLeft(count: number, filter: string): string {
  return `${formatQuantity(count, 'retained message')} of this run could not be removed from the broker again. mqtt-sub -t '${filter}' --remove-retained --retained-only removes them.`;
}

const HELD_BY: Readonly<Record<Hold, (result: Undiagnosed) => string>> = {
  'receive-maximum': ({ broker }) =>
    `the broker had not acknowledged the ${formatQuantity(broker.receiveMaximum, 'message')} that it takes of a publisher at a time (Receive Maximum; in mosquitto max_inflight_messages)`,
  connection: () => 'the broker had not read what was sent before',
  generator: () => "mqtt-bench itself was late: this is its limit, or that of this machine, and not the broker's",
};

/** So few may be late by chance, such as while memory is cleared up. */
const LATE_SHARE = 0.01;

function findMissedSchedule(result: Undiagnosed, { schedule }: Evidence): string | undefined {
  if (result.config.rate === null || schedule === undefined) return undefined;
  const { late, lateness, unsent: unsentBy } = schedule;
  const sumOf = (counts: Readonly<Record<Hold, number>>): number => HOLDS.reduce((sum, hold) => sum + counts[hold], 0);
  const lateCount = sumOf(late);
  const unsent = sumOf(unsentBy);
  // Of a run that is cut short what was due in its last moment is unsent.
  const isUnsentByChance = !ranToTheEnd(result) && unsent <= LATE_SHARE * (lateness.count + unsent);
  if ((unsent === 0 || isUnsentByChance) && lateCount <= LATE_SHARE * lateness.count) return undefined;
  const missedBy = (hold: Hold): number => late[hold] + unsentBy[hold];
  const [cause = 'generator'] = [...HOLDS].sort((a, b) => missedBy(b) - missedBy(a));
  const missed = [
    ...(lateCount > 0
      ? [
          `${formatCount(lateCount)} ${lateCount === 1 ? 'was' : 'were'} sent more than ${LATE_US / 1000} ms late, the latest by ${formatDurationMs(Math.round(lateness.maxUs / 1000))}`,
        ]
      : []),
    ...(unsent > 0 ? [`${formatCount(unsent)} ${unsent === 1 ? 'was' : 'were'} never sent`] : []),
  ];
  const due = formatQuantity(lateness.count + unsent, 'message');
  return `The schedule was missed: of ${due} that were due ${missed.join(', and ')}, for ${HELD_BY[cause](result)}. endToEnd counts from when they were due.`;
}

/** `sub`: of what others sent without a header of ours nothing is known but that it came. */
function findUnverified({ config, latency, measured, outcome }: Undiagnosed): string | undefined {
  const unmarked = measured.delivered - latency.endToEnd.count;
  if (config.scenario !== 'sub' || unmarked <= 0) return undefined;
  const which = latency.endToEnd.count === 0 ? 'No message had a' : `${formatQuantity(unmarked, 'message')} had no`;
  // How many are missing is known then, but not which.
  const unknown = outcome.kind === 'stalled' ? 'repeated' : 'lost, repeated';
  return `${which} header of mqtt-bench: whether any such were ${unknown} or out of order nobody can tell. mqtt-bench pub sends it.`;
}

function findAltered({ ignored }: Undiagnosed): string | undefined {
  if (ignored.altered === 0) return undefined;
  return `${formatQuantity(ignored.altered, 'delivery', 'deliveries')} of this run had an altered payload and did not count.`;
}

function describePlateau({ count, isOfTime, longestMs = 40, share }: Plateau): string {
  const percent = `${Math.max(1, Math.round(share * 100))} %`;
  const what = isOfTime
    ? `Nothing came for about ${longestMs} ms, ${formatQuantity(count, 'time')} (${percent} of the run)`
    : `${formatQuantity(count, 'round trip')} (${percent}) took about 40 ms`;
  return `${what}: the broker held back what it had to send until this machine's TCP acknowledged earlier data (Nagle's algorithm and delayed ACK). In mosquitto, set_tcp_nodelay true ends it.`;
}

function findReceiveMaximum({ broker, config }: Undiagnosed): string | undefined {
  const inFlight = broker.receiveMaximum * config.publishers;
  // With --rate it is the schedule that is missed then, and that is said.
  if (config.qos === 0 || config.window === null || inFlight >= config.window) return undefined;
  // So few could all be on their way.
  if (config.messages !== null && inFlight >= config.messages) return undefined;
  return `The broker takes ${formatQuantity(broker.receiveMaximum, 'message')} of a publisher at a time (Receive Maximum; in mosquitto max_inflight_messages): --window ${config.window} was not used in full. More --publishers may raise the rate.`;
}

/** What `inFlightLimit` did to the window. */
function findUnstatedReceiveMaximum({ config }: Undiagnosed, { isWindowReduced }: Evidence): string | undefined {
  if (!isWindowReduced || MOSQUITTO_IN_FLIGHT * config.publishers >= windowOf(config)) return undefined;
  return `Before MQTT 5 a broker cannot say how many QoS 2 messages it takes at a time, and mosquitto drops what exceeds ${MOSQUITTO_IN_FLIGHT}: no more were on their way from a publisher. --window sets another number.`;
}
