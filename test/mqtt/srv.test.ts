import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TlsError, UnreachableError } from '../../src/errors.ts';
import type { Endpoint } from '../../src/mqtt/connection-plan.ts';
import { lookUpEndpoints, type SrvRecord, tryInTurn } from '../../src/mqtt/srv.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const ASKED: Endpoint = { host: 'example.com', port: 1883, srv: true };

function record(name: string, port: number, priority = 0, weight = 0): SrvRecord {
  return { name, port, priority, weight };
}

async function namesOf(records: readonly SrvRecord[], random?: () => number): Promise<readonly string[]> {
  const endpoints = await lookUpEndpoints(ASKED, NEVER, async () => records, random);
  return endpoints.map(({ host, port }) => `${host}:${port}`);
}

function textOf(error: unknown): string {
  const { message, hint } = error as UnreachableError;
  expect(error).toBeInstanceOf(UnreachableError);
  return hint === undefined ? message : `${message}\n${hint}`;
}

describe('SRV records [RFC2782]', () => {
  it('are those of MQTT, or of MQTT with TLS', async () => {
    const asked: string[] = [];
    const resolveSrv = async (name: string): Promise<readonly SrvRecord[]> => {
      asked.push(name);
      return [record('b', 1)];
    };
    await lookUpEndpoints(ASKED, NEVER, resolveSrv);
    await lookUpEndpoints({ ...ASKED, tls: { insecure: false } }, NEVER, resolveSrv);
    expect(asked).toEqual(['_mqtt._tcp.example.com', '_secure-mqtt._tcp.example.com']);
  });

  it('give host and port, and leave the rest as it is', async () => {
    const endpoint: Endpoint = { ...ASKED, localAddress: '127.0.0.2', webSocketPath: '/x' };
    expect(await lookUpEndpoints(endpoint, NEVER, async () => [record('b', 7)])).toEqual([
      { host: 'b', port: 7, localAddress: '127.0.0.2', webSocketPath: '/x' },
    ]);
  });

  it('do not change the name that the certificate must bear', async () => {
    const look = async (tls: NonNullable<Endpoint['tls']>) =>
      (await lookUpEndpoints({ ...ASKED, tls }, NEVER, async () => [record('b', 7)]))[0]?.tls;
    expect(await look({ insecure: false })).toEqual({ insecure: false, serverName: 'example.com' });
    expect(await look({ insecure: false, serverName: 'x' })).toEqual({ insecure: false, serverName: 'x' });
  });

  it('are tried by priority', async () => {
    const records = [record('c', 3, 20), record('a', 1, 0), record('d', 4, 65_535), record('b', 2, 10)];
    expect(await namesOf(records)).toEqual(['a:1', 'b:2', 'c:3', 'd:4']);
  });

  it('of one priority are tried in proportion to their weights', async () => {
    let seed = 1;
    // Of a fixed sequence (Park and Miller), so that the outcome is always the same.
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const first: Record<string, number> = {};
    for (let run = 0; run < 4000; run += 1) {
      const [name = ''] = await namesOf([record('a', 1, 5, 30), record('b', 1, 5, 10), record('c', 1, 5, 0)], random);
      first[name] = (first[name] ?? 0) + 1;
    }
    expect(first['a:1']).toBeGreaterThan(2850);
    expect(first['a:1']).toBeLessThan(3150);
    expect(first['b:1']).toBeGreaterThan(850);
    expect(first['c:1'] ?? 0).toBeLessThan(20);
  });

  it('are all tried, by priority first, whatever they are', async () => {
    const records = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c.example'),
        port: fc.integer({ min: 1, max: 65_535 }),
        priority: fc.integer({ min: 0, max: 3 }),
        weight: fc.integer({ min: 0, max: 65_535 }),
      }),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const found = await namesOf(given);
        expect([...found].sort()).toEqual(given.map(({ name, port }) => `${name}:${port}`).sort());
        const priorityOf = (place: string): number =>
          Math.min(...given.filter(({ name, port }) => `${name}:${port}` === place).map(({ priority }) => priority));
        expect(priorityOf(found[0] ?? '')).toBe(Math.min(...given.map(({ priority }) => priority)));
      }),
    );
  });

  it.each([[[]], [[record('', 0)]], [[record('.', 0)]]])('of %j say that there is no broker', async (records) => {
    const said = await lookUpEndpoints(ASKED, NEVER, async () => records).catch(textOf);
    expect(said).toBe('_mqtt._tcp.example.com says that there is no broker');
  });

  it.each([
    ['ENODATA', 'there is no SRV record _mqtt._tcp.example.com\nLeave -S away to connect to the host itself.'],
    ['ENOTFOUND', 'there is no SRV record _mqtt._tcp.example.com\nLeave -S away to connect to the host itself.'],
    [
      'ETIMEOUT',
      'the SRV record _mqtt._tcp.example.com was not found: DNS does not answer (ETIMEOUT)\nIs the network up?',
    ],
    [
      'ESERVFAIL',
      'the SRV record _mqtt._tcp.example.com was not found: DNS does not answer (ESERVFAIL)\nIs the network up?',
    ],
  ])('that cannot be had, with %s', async (code, said) => {
    const fail = (): Promise<never> => Promise.reject(Object.assign(new Error('no'), { code }));
    expect(await lookUpEndpoints(ASKED, NEVER, fail).catch(textOf)).toBe(said);
  });

  it('that do not come are not waited for longer than the connect time-out', async () => {
    const controller = new AbortController();
    const reason = new UnreachableError('given up');
    const looking = lookUpEndpoints(ASKED, controller.signal, () => new Promise(() => undefined));
    controller.abort(reason);
    await expect(looking).rejects.toBe(reason);
    await expect(lookUpEndpoints(ASKED, controller.signal, async () => [record('b', 1)])).rejects.toBe(reason);
  });
});

describe('several brokers', () => {
  const endpoints: readonly Endpoint[] = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
  const plan = { endpoint: ASKED, connectTimeoutMs: 9000 };
  const down = (host: string): UnreachableError => new UnreachableError(`${host} is down`, `Look at ${host}`);

  it('are tried in turn until one can be reached', async () => {
    const tried: string[] = [];
    const open = async ({ host }: Endpoint): Promise<string> => {
      tried.push(host);
      if (host !== 'b') throw down(host);
      return host;
    };
    const clock = new FakeClock();
    expect(await tryInTurn(endpoints, plan, open, clock, NEVER)).toBe('b');
    expect(tried).toEqual(['a', 'b']);
    expect(clock.pendingMs).toEqual([]);
  });

  it('share the time: one that is silent leaves some for the next', async () => {
    const clock = new FakeClock();
    const tried: string[] = [];
    const open = ({ host }: Endpoint, turn: AbortSignal): Promise<string> => {
      tried.push(host);
      return new Promise((_, reject) => {
        turn.addEventListener('abort', () => reject(turn.reason as Error));
      });
    };
    const opening = tryInTurn(endpoints, plan, open, clock, NEVER).catch(textOf);
    await clock.advance(2999);
    expect(tried).toEqual(['a']);
    await clock.advance(1);
    expect(tried).toEqual(['a', 'b']);
    await clock.advance(6000);
    expect(await opening).toBe(
      'none of the brokers of example.com can be reached: no answer from a:1 in 3 s; no answer from b:1 in 3 s; ' +
        'no answer from c:1 in 3 s\nIs a firewall between here and there? Is the port right?',
    );
    expect(clock.pendingMs).toEqual([]);
  });

  it('that are all down are all told, a single one as if there were no SRV record', async () => {
    const open = ({ host }: Endpoint): Promise<never> => Promise.reject(down(host));
    const clock = new FakeClock();
    expect(await tryInTurn(endpoints, plan, open, clock, NEVER).catch(textOf)).toBe(
      'none of the brokers of example.com can be reached: a is down; b is down; c is down\nLook at a',
    );
    expect(await tryInTurn(endpoints.slice(0, 1), plan, open, clock, NEVER).catch(textOf)).toBe('a is down\nLook at a');
  });

  it('are not tried any more when one refuses', async () => {
    const tried: string[] = [];
    const refusal = new TlsError('expired');
    const open = ({ host }: Endpoint): Promise<never> => {
      tried.push(host);
      return Promise.reject(refusal);
    };
    await expect(tryInTurn(endpoints, plan, open, new FakeClock(), NEVER)).rejects.toBe(refusal);
    expect(tried).toEqual(['a']);
  });

  it('are not tried any more when the whole is given up', async () => {
    const controller = new AbortController();
    const reason = new UnreachableError('given up');
    const tried: string[] = [];
    const open = ({ host }: Endpoint, turn: AbortSignal): Promise<never> => {
      tried.push(host);
      return new Promise((_, reject) => {
        turn.addEventListener('abort', () => reject(turn.reason as Error));
      });
    };
    const opening = tryInTurn(endpoints, plan, open, new FakeClock(), controller.signal);
    await settle();
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(tried).toEqual(['a']);
  });
});
