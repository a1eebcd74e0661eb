/** Brokers by SRV records: `_mqtt._tcp.NAME`, with TLS `_secure-mqtt._tcp.NAME`. [RFC2782] */
import { resolveSrv as systemResolveSrv } from 'node:dns/promises';
import { UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import type { Endpoint } from './connection-plan.ts';

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
 * which anybody can forge. Throws UnreachableError when there is no record.
 */
export async function lookUpEndpoints(
  endpoint: Endpoint,
  resolveSrv: ResolveSrv = systemResolveSrv,
  random: () => number = Math.random,
): Promise<readonly Endpoint[]> {
  const { srv, ...rest } = endpoint;
  const name = `${endpoint.tls ? '_secure-mqtt' : '_mqtt'}._tcp.${endpoint.host}`;
  const records = await resolveSrv(name).catch((error: Error & { code?: string }) => {
    throw new UnreachableError(
      `no SRV record ${quote(name)} (${error.code ?? error.message})`,
      'Leave -S away to connect to the host itself.',
      { cause: error },
    );
  });
  // A single record with the root for a name says that there is no such service here.
  const usable = records.filter((record) => record.name !== '' && record.name !== '.');
  if (usable.length === 0) throw new UnreachableError(`${quote(name)} says that there is no broker`);
  const tls = rest.tls && { tls: { ...rest.tls, serverName: rest.tls.serverName ?? endpoint.host } };
  return order(usable, random).map((record) => ({ ...rest, ...tls, host: record.name, port: record.port }));
}

/** By priority; within one at random, in proportion to the weights. */
function order(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  const keyed = records.map((record) => ({ record, key: random() ** (1 / (record.weight || 0.01)) }));
  return keyed.sort((a, b) => a.record.priority - b.record.priority || b.key - a.key).map(({ record }) => record);
}
