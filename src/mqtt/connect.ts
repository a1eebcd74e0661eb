/** From a plan to an open session: address, handshakes, and the versions and identifiers that the broker takes. */
import type { Duplex } from 'node:stream';
import type { Clock, StopReason } from '../cli/context.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import { CliError, InterruptedError, UnreachableError } from '../errors.ts';
import { formatDurationMs } from '../output/units.ts';
import { formatAddress } from './address.ts';
import type { ConnectionPlan, Endpoint } from './connection-plan.ts';
import type { DialResult } from './mqttjs.ts';
import type { DialChoice } from './mqttjs-client.ts';
import { OpeningTimer } from './opening-times.ts';
import type { Session, SessionHandlers } from './session.ts';
import type { ResolveSrv } from './srv.ts';
import { openTransport } from './transport.ts';

export interface ConnectWorld {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** How SRV records are found; the system's way if not given. */
  readonly resolveSrv?: ResolveSrv;
}

/** Opens one session, within the plan's connect time-out. Throws CliError; a signal that stops it InterruptedError. */
export async function connectSession(
  plan: ConnectionPlan,
  handlers: SessionHandlers,
  { clock, stop, resolveSrv }: ConnectWorld,
): Promise<Session> {
  const abort = new AbortController();
  const onStop = (): void => abort.abort(interruption(stop));
  const timer = clock.setTimer(
    () => abort.abort(noAnswer(plan.endpoint, plan.connectTimeoutMs)),
    plan.connectTimeoutMs,
  );
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop);
  try {
    return await tryEndpoints(plan, handlers, clock, abort.signal, resolveSrv);
  } finally {
    clock.clearTimer(timer);
    stop.removeEventListener('abort', onStop);
  }
}

function interruption(stop: AbortSignal): InterruptedError {
  const reason = stop.reason as StopReason;
  return new InterruptedError(`stopped by ${reason.signal} while connecting`, exitCodeOfSignal(reason));
}

/** Nothing was heard of the endpoint in time. */
export function noAnswer(endpoint: Endpoint, withinMs: number): UnreachableError {
  const via = endpoint.proxy ? ` through the proxy ${formatAddress(endpoint.proxy)}` : '';
  return new UnreachableError(
    `no answer from ${formatAddress(endpoint)}${via} in ${formatDurationMs(withinMs)}`,
    'Is a firewall between here and there? Is the port right?',
  );
}

/** Most often there is one endpoint; SRV records can give several. */
async function tryEndpoints(
  plan: ConnectionPlan,
  handlers: SessionHandlers,
  clock: Clock,
  abort: AbortSignal,
  resolveSrv: ResolveSrv | undefined,
): Promise<Session> {
  if (!plan.endpoint.srv) return negotiate(plan, handlers, clock, abort);
  const { lookUpEndpoints, tryInTurn } = await import('./srv.ts');
  const endpoints = await lookUpEndpoints(plan.endpoint, abort, resolveSrv);
  const open = (endpoint: Endpoint, turn: AbortSignal): Promise<Session> =>
    negotiate({ ...plan, endpoint }, handlers, clock, turn);
  return tryInTurn(endpoints, plan, open, clock, abort);
}

/** Tries what is left to try each time that the broker refuses: MQTT 3.1.1, and a Client Identifier of our making. */
async function negotiate(
  plan: ConnectionPlan,
  handlers: SessionHandlers,
  clock: Clock,
  abort: AbortSignal,
): Promise<Session> {
  let choice: DialChoice = {
    version: plan.version === 'auto' ? 5 : plan.version,
    // MQTT 3.1 has no empty Client Identifier. [MQTT3.1 3.1]
    clientId: plan.clientId === '' && plan.version === 3 ? generateClientId(plan, clock) : plan.clientId,
  };
  for (;;) {
    const result = await attempt(plan, choice, handlers, clock, abort);
    if (result.kind === 'open') return result.session;
    if (abort.aborted) throw abort.reason;
    if (plan.version === 'auto' && choice.version === 5 && refusesVersion(result)) {
      choice = { ...choice, version: 4 };
    } else if (choice.clientId === '' && refusesClientId(result)) {
      choice = { ...choice, clientId: generateClientId(plan, clock) };
    } else {
      const { describeDialFailure } = await import('./connect-error.ts');
      throw describeDialFailure(result, plan, choice.version);
    }
  }
}

async function attempt(
  plan: ConnectionPlan,
  choice: DialChoice,
  handlers: SessionHandlers,
  clock: Clock,
  abort: AbortSignal,
): Promise<DialResult> {
  // The library loads while the network works.
  const library = handlers.idle ? import('./mqttjs-idle.ts') : import('./mqttjs.ts');
  const lanes = handlers.loadLanes?.();
  const { onOpened } = handlers;
  const timer = onOpened && new OpeningTimer(clock);
  let transport: Duplex;
  try {
    const readsLarge = handlers.makeMessageLane !== undefined;
    transport = await openTransport(plan.endpoint, abort, { timer, readsLarge });
  } catch (error) {
    if (error instanceof CliError || isBug(error)) throw error;
    const { describeConnectFailure } = await import('./connect-error.ts');
    throw describeConnectFailure(error as Error, plan.endpoint);
  }
  const { dial } = await library;
  const makeLanes = (await lanes) ?? handlers.makeLanes;
  timer?.begin();
  const result = await dial(transport, plan, choice, makeLanes ? { ...handlers, makeLanes } : handlers, clock, abort);
  timer?.end('connack');
  if (timer !== undefined && result.kind === 'open') onOpened?.(timer.toTimes());
  return result;
}

/** What no network can cause: to call it an unreachable broker would hide a fault of ours. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
}

/** 0x01 is the answer of a 3.1.1 broker, 0x84 that of MQTT 5; others just close, such as RabbitMQ 3.10. */
function refusesVersion(result: DialResult): boolean {
  if (result.kind === 'closed') return true;
  return result.kind === 'refused' && (result.refusal.code === 0x01 || result.refusal.code === 0x84);
}

function refusesClientId(result: DialResult): boolean {
  return result.kind === 'refused' && (result.refusal.code === 0x02 || result.refusal.code === 0x85);
}

/** Such as `mqtt-pub-k3v9x0c2`: unlike any other, and at most 23 characters, as 3.1 wants it. */
function generateClientId(plan: ConnectionPlan, clock: Clock): string {
  const random = Math.floor(Math.random() * 36 ** 5).toString(36);
  const time = Math.floor(clock.epochMs()).toString(36).slice(-5);
  return `${plan.generatedClientIdPrefix}${time}${random}`.slice(0, 23);
}
