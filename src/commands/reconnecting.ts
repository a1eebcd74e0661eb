/** Connecting when the broker is not there: at first for as long as asked, and again when a connection is lost. */
import type { Context } from '../cli/context.ts';
import { type CliError, ConnectionLostError } from '../errors.ts';
import { hintForServer } from '../mqtt/address.ts';
import { Backoff } from '../mqtt/backoff.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { SESSION_TAKEN_OVER } from '../mqtt/reason-codes.ts';
import { mayReconnectAfter, mayRetryAfter, mayWaitAfter } from '../mqtt/retry.ts';
import type { Session, SessionEnd } from '../mqtt/session.ts';
import { retryForOption, retryOption, waitForBrokerOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { formatDurationMs } from '../output/units.ts';
import { describeInterruption } from './interruption.ts';
import type { Status } from './status.ts';

/** How long to be patient; undefined is one try at first, and no limit after a loss. */
export interface Patience {
  readonly waitForBrokerMs: number | undefined;
  readonly retries: number | undefined;
  readonly retryForMs: number | undefined;
}

export function resolvePatience(values: OptionValues): Patience {
  return {
    waitForBrokerMs: values.get(waitForBrokerOption),
    retries: values.get(retryOption),
    retryForMs: values.get(retryForOption),
  };
}

/** What the waiting needs. `cancelled` resolves when there is no more use in connecting. */
export interface ReconnectWorld {
  readonly context: Context;
  readonly status: Status;
  readonly patience: Patience;
  readonly cancelled: Promise<unknown>;
}

/** An attempt may take that long, however little of the patience is left. */
const SHORTEST_ATTEMPT_MS = 1000;

/** Opens a session within its connect time-out, and within `limitMs`. */
export type Open<T> = (limitMs: number) => Promise<T>;

/** The plan of an attempt that may take no longer than `limitMs`. */
export function limitConnect(plan: ConnectionPlan, limitMs: number): ConnectionPlan {
  return { ...plan, connectTimeoutMs: Math.min(plan.connectTimeoutMs, limitMs) };
}

/** Opens the first session of a run. Throws the CliError of the last attempt; undefined: cancelled. */
export async function connectFirst<T>(open: Open<T>, world: ReconnectWorld): Promise<T | undefined> {
  const { context, status, patience } = world;
  const { waitForBrokerMs = 0 } = patience;
  const endMs = context.clock.monotonicMs() + waitForBrokerMs;
  const backoff = new Backoff();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const leftMs = endMs - context.clock.monotonicMs();
      return await open(waitForBrokerMs > 0 ? Math.max(SHORTEST_ATTEMPT_MS, leftMs) : Number.POSITIVE_INFINITY);
    } catch (error) {
      const leftMs = endMs - context.clock.monotonicMs();
      if (!mayWaitAfter(error) || leftMs <= 0) throw error;
      if (attempt === 1) status.warn(`${error.message}; waiting up to ${formatDurationMs(waitForBrokerMs)} for it`);
      if (await isCancelledWithin(Math.min(backoff.nextMs(), leftMs), world)) return undefined;
    }
  }
}

/** Opens sessions as `context` does; until the first one stands, with the patience of {@link connectFirst}. */
export function openPatiently(context: Context, status: Status, patience: Patience): Context['openSession'] {
  const { stop } = context;
  let isUp = false;
  return async (plan, handlers) => {
    if (isUp) return context.openSession(plan, handlers);
    const cancelled = new Promise<void>((resolve) => {
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    const world = { context, status, patience, cancelled };
    const open = (limitMs: number): Promise<Session> => context.openSession(limitConnect(plan, limitMs), handlers);
    const session = await connectFirst(open, world);
    if (session === undefined) throw describeInterruption(stop, 'before the broker was there');
    isUp = true;
    return session;
  };
}

/**
 * Opens a session again after `end`. Throws ConnectionLostError when that would be in vain, or when patience ran out;
 * any error that another attempt cannot change; undefined: cancelled.
 */
export async function connectAgain(
  end: SessionEnd,
  open: Open<Session | undefined>,
  world: ReconnectWorld,
  plan: ConnectionPlan,
): Promise<Session | undefined> {
  if (!mayReconnectAfter(end)) throw describeFinalEnd(end);
  const { context, status, patience } = world;
  const { clock } = context;
  const lostMs = clock.monotonicMs();
  const backoff = new Backoff();
  if (patience.retries === 0) throw giveUp(end, undefined);
  status.warn(`connection lost (${end.reason}), trying again ...`);
  for (let attempt = 1; ; attempt += 1) {
    const leftMs = (patience.retryForMs ?? Number.POSITIVE_INFINITY) - (clock.monotonicMs() - lostMs);
    const delayMs = Math.min(backoff.nextMs(), Math.max(0, leftMs));
    if (await isCancelledWithin(delayMs, world)) return undefined;
    try {
      const session = await open(Math.max(SHORTEST_ATTEMPT_MS, leftMs - delayMs));
      if (session === undefined) return undefined;
      const seconds = ((clock.monotonicMs() - lostMs) / 1000).toFixed(1);
      status.warn(`connected again after ${seconds} s${describeResumption(session, plan)}`);
      return session;
    } catch (error) {
      if (!mayRetryAfter(error) && !(error instanceof ConnectionLostError)) throw error;
      if (attempt === patience.retries || leftMs <= delayMs) throw giveUp(end, error);
      // The short first attempts are not worth a line each.
      if (attempt > 4) status.warn(`${error.message}; trying again ...`);
    }
  }
}

function giveUp(end: SessionEnd, last: CliError | undefined): ConnectionLostError {
  const why = last === undefined ? '' : ` and not recovered: ${last.message}`;
  return new ConnectionLostError(`the connection was lost (${end.reason})${why}`, last?.hint, { cause: last });
}

function describeResumption({ info }: Session, plan: ConnectionPlan): string {
  if (plan.cleanStart) return '';
  return info.sessionPresent ? ', session resumed' : ', session lost: messages in between may be missing';
}

/** An end that nothing follows; `lost` says it where another attempt was thinkable. */
export function describeLoss(end: SessionEnd, lost: string): ConnectionLostError {
  return mayReconnectAfter(end) ? new ConnectionLostError(lost) : describeFinalEnd(end);
}

/** An end after which another attempt would be a fight, or in vain: see {@link mayReconnectAfter}. */
function describeFinalEnd({ reason, reasonCode, serverReference }: SessionEnd): ConnectionLostError {
  if (reasonCode === 0x8e) {
    return new ConnectionLostError(SESSION_TAKEN_OVER, 'Give each client its own: -i NAME');
  }
  return new ConnectionLostError(
    `the connection was lost: ${reason}`,
    serverReference && hintForServer(serverReference),
  );
}

async function isCancelledWithin(delayMs: number, { context, cancelled }: ReconnectWorld): Promise<boolean> {
  const { clock } = context;
  let timer: object | undefined;
  const elapsed = new Promise<false>((resolve) => {
    timer = clock.setTimer(() => resolve(false), delayMs);
  });
  const isCancelled = await Promise.race([elapsed, cancelled.then(() => true)]);
  clock.clearTimer(timer);
  return isCancelled;
}
