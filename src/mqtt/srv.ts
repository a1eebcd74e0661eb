/** Brokers by SRV records: `_mqtt._tcp.NAME`, with TLS `_secure-mqtt._tcp.NAME`. [RFC2782] */
import { resolveSrv as systemResolveSrv } from 'node:dns/promises';
import type { Clock } from '../cli/context.ts';
import { UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { noAnswer } from './connect.ts';
import type { ConnectionPlan, Endpoint } from './connection-plan.ts';

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  /** Lower ones first. */
  readonly priority: number;
  /** Within a priority: the share of clients that should come here. */
  readonly weight: number;
}

export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

/**
 * The endpoints to try, in order. The certificate must bear the name that was asked for, not the one in the record,
 * which anybody can forge. Throws UnreachableError when there is no record, and the reason of `abort`.
 */
export async function lookUpEndpoints(
  endpoint: Endpoint,
  abort: AbortSignal,
  resolveSrv: ResolveSrv = systemResolveSrv,
  random: () => number = Math.random,
): Promise<readonly Endpoint[]> {
  if (abort.aborted) throw abort.reason;
  const { srv, ...rest } = endpoint;
  const name = `${endpoint.tls ? '_secure-mqtt' : '_mqtt'}._tcp.${endpoint.host}`;
  const records = await Promise.race([resolveSrv(name), rejection(abort)]).catch((error: Error & { code?: string }) => {
    throw abort.aborted ? abort.reason : describeFailure(error, name);
  });
  // A single record with the root for a name says that there is no such service here.
  const usable = records.filter((record) => record.name !== '' && record.name !== '.');
  if (usable.length === 0) throw new UnreachableError(`${quote(name)} says that there is no broker`);
  const tls = rest.tls && { tls: { ...rest.tls, serverName: rest.tls.serverName ?? endpoint.host } };
  return order(usable, random).map((record) => ({ ...rest, ...tls, host: record.name, port: record.port }));
}

/** Node's resolver asks each server several times, for longer than anybody wants to wait, and cannot be stopped. */
function rejection(abort: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    abort.addEventListener('abort', () => reject(abort.reason as Error), { once: true });
  });
}

function describeFailure(error: Error & { code?: string }, name: string): UnreachableError {
  const isMissing = error.code === 'ENODATA' || error.code === 'ENOTFOUND';
  return isMissing
    ? new UnreachableError(`there is no SRV record ${quote(name)}`, 'Leave -S away to connect to the host itself.', {
        cause: error,
      })
    : new UnreachableError(
        `the SRV record ${quote(name)} was not found: DNS does not answer (${error.code ?? error.message})`,
        'Is the network up?',
        { cause: error },
      );
}

/** By priority; within one at random, in proportion to the weights. */
function order(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  const keyed = records.map((record) => ({ record, key: random() ** (1 / (record.weight || 0.01)) }));
  return keyed.sort((a, b) => a.record.priority - b.record.priority || b.key - a.key).map(({ record }) => record);
}

/**
 * Opens a session with the first endpoint that can be reached. Each gets its share of the time-out of `plan`, so that one
 * that is silent does not take it all. Throws UnreachableError when none can be reached, and what else `open` throws.
 */
export async function tryInTurn<T>(
  endpoints: readonly Endpoint[],
  plan: Pick<ConnectionPlan, 'endpoint' | 'connectTimeoutMs'>,
  open: (endpoint: Endpoint, turn: AbortSignal) => Promise<T>,
  clock: Clock,
  abort: AbortSignal,
): Promise<T> {
  const shareMs = plan.connectTimeoutMs / endpoints.length;
  const failures: UnreachableError[] = [];
  for (const endpoint of endpoints) {
    const turn = new AbortController();
    const timer = clock.setTimer(() => turn.abort(noAnswer(endpoint, shareMs)), shareMs);
    try {
      return await open(endpoint, AbortSignal.any([abort, turn.signal]));
    } catch (error) {
      if (!(error instanceof UnreachableError) || abort.aborted) throw error;
      failures.push(error);
    } finally {
      clock.clearTimer(timer);
    }
  }
  const [first] = failures;
  if (first !== undefined && failures.length === 1) throw first;
  const reasons = failures.map(({ message }) => message).join('; ');
  throw new UnreachableError(`none of the brokers of ${plan.endpoint.host} can be reached: ${reasons}`, first?.hint, {
    cause: first,
  });
}
