/** Addresses of both ends. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { findClosedPort } from '../../support/free-port.ts';
import { hasIpv6 } from '../../support/ipv6.ts';
import { type Liar, startLiar } from '../../support/liar.ts';
import type { ServerOptions } from '../../support/server.ts';
import { failed, letIn, publish, SENT } from './publishing.ts';

/** A broker that takes a message, and the address that it came from. */
async function serve(options?: ServerOptions): Promise<{ liar: Liar; from: (string | undefined)[] }> {
  const from: (string | undefined)[] = [];
  const liar = await startLiar(async (peer) => {
    from.push(peer.socket.remoteAddress);
    await letIn(peer);
  }, options);
  onTestFinished(() => liar.close());
  return { liar, from };
}

describe('-A', () => {
  it.each(['127.0.0.2', '127.1.2.3'])('is the address %s that the broker sees', async (address) => {
    const { liar, from } = await serve();
    expect(await publish(['-h', '127.0.0.1', '-p', String(liar.port), '-A', address])).toEqual(SENT);
    expect(await publish(['-h', '127.0.0.1', '-p', String(liar.port), '--bind-address', address])).toEqual(SENT);
    expect(await publish(['-h', '127.0.0.1', '-p', String(liar.port)])).toEqual(SENT);
    expect(from).toEqual([address, address, '127.0.0.1']);
  });

  it('is the address to a proxy, where there is one', async () => {
    const { liar, from } = await serve();
    const proxy = ['--proxy', `socks5h://127.0.0.1:${liar.port}`, '--connect-timeout', '200ms'];
    expect((await publish(['-h', 'broker.invalid', '-A', '127.0.0.3', ...proxy]))[0]).toBe(3);
    expect(from).toEqual(['127.0.0.3']);
  });

  it('may be a name, and fits the kind of address', async () => {
    const { liar, from } = await serve();
    expect(await publish(['-h', '127.0.0.1', '-p', String(liar.port), '-A', 'localhost'])).toEqual(SENT);
    expect(from).toEqual(['127.0.0.1']);
  });

  it('decides of which kind the address of a name must be', async () => {
    const { liar, from } = await serve();
    expect(await publish(['-h', 'localhost', '-p', String(liar.port), '-A', '127.0.0.2'])).toEqual(SENT);
    expect(from).toEqual(['127.0.0.2']);
    const [exitCode, stderr] = await publish(['-h', 'broker.invalid', '-A', '127.0.0.2']);
    expect(stderr).toMatch(
      /^mqtt-pub: host name broker\.invalid not found(: DNS .*|\n {2}Is it spelled right\? With 127\.0\.0\.2 as our end it needs an address of IPv4\.)\n/,
    );
    expect(exitCode).toBe(3);
  });

  it('must be an address of this machine, and of the kind of the other one', async () => {
    const port = String(await findClosedPort());
    expect(await publish(['-h', '127.0.0.1', '-p', port, '-A', '192.0.2.1'])).toEqual(
      failed(3, 'cannot connect from 192.0.2.1: no such local address'),
    );
    expect(await publish(['-h', '127.0.0.1', '-p', port, '-A', '::1'])).toEqual(
      failed(3, `cannot connect from ::1 to 127.0.0.1:${port}`, 'One is an address of IPv4, the other one of IPv6.'),
    );
    expect(await publish(['-h', '127.0.0.1', '-p', port, '-A', 'nowhere.invalid'])).toEqual(
      failed(2, '-A nowhere.invalid: no such address'),
    );
  });
});

describe.skipIf(!hasIpv6)('IPv6', () => {
  it('in -h, with and without brackets in a URL, and in the environment', async () => {
    const { liar, from } = await serve({ host: '::1' });
    const port = String(liar.port);
    expect(await publish(['-h', '::1', '-p', port])).toEqual(SENT);
    expect(await publish([`mqtt://[::1]:${port}`])).toEqual(SENT);
    expect(await publish(['-L', `mqtt://[::1]:${port}/a`])).toEqual(SENT);
    expect(await publish([], { env: { MQTT_URL: `mqtt://[0:0:0:0:0:0:0:1]:${port}` } })).toEqual(SENT);
    expect(await publish(['-h', '::1', '-p', port, '-A', '::1'])).toEqual(SENT);
    expect(from).toEqual(['::1', '::1', '::1', '::1', '::1']);
  });

  it('stands in brackets in what is said', async () => {
    const port = await findClosedPort();
    expect(await publish(['-h', '::1', '-p', String(port)])).toEqual(
      failed(
        3,
        `nothing is listening on [::1]:${port}`,
        'Is the broker running? TLS is usually port 8883: mqtts://[::1]',
      ),
    );
    const { liar } = await serve({ host: '::1' });
    expect((await publish([`mqtts://[::1]:${liar.port}`, '--connect-timeout', '100ms']))[1]).toContain(
      `[::1]:${liar.port} `,
    );
  });
});
