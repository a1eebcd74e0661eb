/** `-S`: brokers by their SRV records, from a name server on loopback. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectSession } from '../../../src/mqtt/connect.ts';
import type { SrvRecord } from '../../../src/mqtt/srv.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { type DnsAnswer, type DnsServer, startDnsServer } from '../../support/dns-server.ts';
import { findClosedPort } from '../../support/free-port.ts';
import { startLiar } from '../../support/liar.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { describeWith } from '../../support/needs.ts';
import { systemClock } from '../../support/system-clock.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, letIn, type Outcome, publish, SENT } from './publishing.ts';

describeWith(['mosquitto', 'openssl'], 'By SRV records', () => {
  const folder = makeTempFolder();
  const NAME = '_mqtt._tcp.example.com';
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({ listeners: { tls: { tls: certificates.wrongName } } });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  /** Publishes to `example.com` as this zone has it. */
  async function publishBy(
    zone: Readonly<Record<string, DnsAnswer>>,
    ...words: readonly string[]
  ): Promise<{ outcome: Outcome; dns: DnsServer }> {
    const dns = await startDnsServer(zone);
    onTestFinished(() => dns.close());
    const { resolveSrv } = dns;
    const stop = new AbortController().signal;
    const outcome = await publish(['-h', 'example.com', '-S', ...words], {
      context: {
        openSession: (plan, handlers) => connectSession(plan, handlers, { clock: systemClock, stop, resolveSrv }),
      },
    });
    return { outcome, dns };
  }

  const at = (port: number, priority = 0, weight = 0): SrvRecord => ({ name: 'localhost', port, priority, weight });

  it('one record', async () => {
    const { outcome, dns } = await publishBy({ [NAME]: [at(broker.port)] });
    expect(outcome).toEqual(SENT);
    expect(dns.questions).toEqual([NAME]);
  });

  it('the one of the first priority, also behind one that is down', async () => {
    const second = await startLiar(async (peer) => {
      await letIn(peer);
    });
    onTestFinished(() => second.close());
    const first = await publishBy({ [NAME]: [at(second.port, 20), at(broker.port, 10)] });
    expect(first.outcome).toEqual(SENT);
    expect(second.connections).toBe(0);
    const closed = await findClosedPort();
    const behind = await publishBy({ [NAME]: [at(second.port, 20), at(closed, 10)] });
    expect(behind.outcome).toEqual(SENT);
    expect(second.connections).toBe(1);
  });

  it('one that accepts and says nothing is given its share of the time', async () => {
    const silent = await startLiar(() => undefined);
    onTestFinished(() => silent.close());
    const zone = { [NAME]: [at(silent.port, 1), at(broker.port, 2)] };
    expect((await publishBy(zone, '--connect-timeout', '1s')).outcome).toEqual(SENT);
  });

  it('all of them down', async () => {
    const [one, two] = [await findClosedPort(), await findClosedPort()];
    const { outcome } = await publishBy({ [NAME]: [at(one, 1), at(two, 2)] });
    const [exitCode, stderr] = outcome;
    expect(stderr).toMatch(
      new RegExp(
        `^mqtt-pub: none of the brokers of example\\.com can be reached: nothing is listening on localhost:${one} .*; nothing is listening on localhost:${two} .*\n  Is the broker running\\?`,
      ),
    );
    expect(exitCode).toBe(3);
  });

  it.each<[DnsAnswer, Outcome]>([
    [[{ name: '', port: 0, priority: 0, weight: 0 }], failed(3, `${NAME} says that there is no broker`)],
    [[], failed(3, `there is no SRV record ${NAME}`, 'Leave -S away to connect to the host itself.')],
    ['no such name', failed(3, `there is no SRV record ${NAME}`, 'Leave -S away to connect to the host itself.')],
    [
      'failure',
      failed(3, `the SRV record ${NAME} was not found: DNS does not answer (ESERVFAIL)`, 'Is the network up?'),
    ],
    [
      'silence',
      failed(3, `the SRV record ${NAME} was not found: DNS does not answer (ETIMEOUT)`, 'Is the network up?'),
    ],
  ])('no record: %j', async (answer, outcome) => {
    expect((await publishBy({ [NAME]: answer })).outcome).toEqual(outcome);
  });

  it('a name server that does not answer in time', async () => {
    const { outcome } = await publishBy({ [NAME]: 'silence' }, '--connect-timeout', '100ms');
    expect(outcome).toEqual(
      failed(
        3,
        'no answer from example.com:1883 in 100 ms',
        'Is a firewall between here and there? Is the port right?',
      ),
    );
  });

  it('with TLS other records count, and the certificate is for the name that was asked for', async () => {
    const zone = {
      '_secure-mqtt._tcp.broker.example.com': [at(broker.ports['tls'] ?? 0)],
      '_secure-mqtt._tcp.example.com': [at(broker.ports['tls'] ?? 0)],
    };
    const trust = ['--cafile', certificates.caFile];
    expect((await publishBy(zone, ...trust, '-h', 'broker.example.com')).outcome).toEqual(SENT);
    expect((await publishBy(zone, ...trust)).outcome).toEqual(
      failed(
        4,
        'the certificate of example.com is for broker.example.com, not example.com',
        'Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      ),
    );
  });
});
