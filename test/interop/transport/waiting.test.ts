/** Brokers that are not there yet, and brokers that go: by the real network and the real clock. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { findClosedPort } from '../../support/free-port.ts';
import { acceptConnect, acceptSubscribe, type Liar, startLiar } from '../../support/liar.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { runCli, startCli } from '../../support/run-cli.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { publish, SENT } from './publishing.ts';

const message = ['-t', 'a', '-m', 'x', '-q', '1'];

describeWith(['mosquitto', 'mosquitto_pub', 'openssl'], '--wait-for-broker', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
  });
  afterAll(() => folder.remove());
  beforeEach(async () => {
    broker = await startMosquitto({
      users: { ann: 'secret' },
      listeners: {
        tls: { tls: certificates.server },
        expired: { tls: certificates.expired },
        notYetValid: { tls: certificates.notYetValid },
      },
    });
  });
  afterEach(() => broker?.remove());

  const at = (listener?: string): string[] => {
    const port = listener === undefined ? broker.port : broker.ports[listener];
    return ['-h', 'localhost', '-p', String(port), '-u', 'ann', '-P', 'secret'];
  };

  it('does nothing when the broker is there', async () => {
    expect(await publish([...at(), '--wait-for-broker', '10s'])).toEqual(SENT);
  });

  it.each([
    ['plain', []],
    ['with TLS', ['--cafile']],
  ])('publishes once the broker is up, %s', async (_, tls) => {
    await broker.stop();
    const words = tls.length === 0 ? at() : [...at('tls'), '--cafile', certificates.caFile];
    const publisher = spawnCli('mqtt-pub', [...words, ...message, '--wait-for-broker', '1m']);
    await publisher.stderr.waitFor('; waiting up to 60 s for it\n');
    await broker.start();
    const { exitCode, stderr } = await publisher.exit();
    expect(stderr).toMatch(/^mqtt-pub: nothing is listening on localhost:\d+ .*; waiting up to 60 s for it\n$/);
    expect(exitCode).toBe(0);
  });

  it('subscribes once the broker is up', async () => {
    await broker.stop();
    const words = [...at(), '-t', 'late', '-i', 'late', '-C', '1', '--wait-for-broker', '1m'];
    const subscriber = spawnCli('mqtt-sub', words);
    await subscriber.stderr.waitFor('; waiting up to 60 s for it\n');
    await broker.start();
    await waitForSubscription(broker, 'late', subscriber);
    await mosquittoPub(broker, '-t', 'late', '-m', 'x', '-u', 'ann', '-P', 'secret');
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n') });
  });

  it('asks for the password once', async () => {
    const asked: string[] = [];
    const cli = startCli(
      'mqtt-pub',
      [...at().slice(0, 4), '-u', 'ann', '--ask-password', ...message, '--wait-for-broker', '1m'],
      {
        real: true,
        context: {
          askSecret: async (prompt) => {
            asked.push(prompt);
            await broker.stop();
            return 'secret';
          },
        },
      },
    );
    await cli.stderr.transcript.waitFor('; waiting up to 60 s for it\n');
    await broker.start();
    expect((await cli.result).exitCode).toBe(0);
    expect(asked).toEqual(['Password of ann: ']);
  });

  it('waits for a clock that is not set yet, as at the start of a small device', async () => {
    const [exitCode, stderr] = await publish([
      ...at('notYetValid'),
      '--cafile',
      certificates.caFile,
      '--wait-for-broker',
      '100ms',
    ]);
    expect(stderr).toMatch(/is not valid yet: .*; waiting up to 100 ms for it\n/);
    expect(exitCode).toBe(4);
  });

  it.each([
    ['a wrong password', () => [...at().slice(0, 4), '-u', 'ann', '-P', 'wrong'], 5],
    ['an unknown CA', () => [...at('tls'), '--cafile', certificates.otherCaFile], 4],
    ['an expired certificate', () => [...at('expired'), '--cafile', certificates.caFile], 4],
  ])('does not wait for what will not change: %s', async (_, words, expected) => {
    const [exitCode, stderr] = await publish([...words(), '--wait-for-broker', '1h']);
    expect(stderr).not.toContain('waiting');
    expect(exitCode).toBe(expected);
  });
});

describe('a broker that does not come', () => {
  it('is waited for as long as asked, with its last error at the end', async () => {
    const port = await findClosedPort();
    const startedMs = performance.now();
    const [exitCode, stderr] = await publish(['-h', '127.0.0.1', '-p', String(port), '--wait-for-broker', '300ms']);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(299);
    const said = `mqtt-pub: nothing is listening on 127.0.0.1:${port}`;
    expect(stderr).toBe(
      `${said}; waiting up to 300 ms for it\n${said}\n  Is the broker running? TLS is usually port 8883: mqtts://127.0.0.1\n`,
    );
    expect(exitCode).toBe(3);
  });

  it('is not waited for after a signal', async () => {
    const port = await findClosedPort();
    const argv = ['-h', '127.0.0.1', '-p', String(port), ...message, '--wait-for-broker', '1h'];
    const cli = startCli('mqtt-pub', argv, { real: true });
    await cli.stderr.transcript.waitFor('waiting up to');
    cli.stop('SIGINT');
    expect(await cli.result).toMatchObject({ exitCode: 130 });
  });
});

describe('a broker that goes for good', () => {
  /** Takes a subscription, closes, and from then on closes every connection at once. */
  async function goesAway(): Promise<Liar> {
    const liar = await startLiar(async (peer, connection) => {
      if (connection === 1) {
        await acceptConnect(peer);
        await acceptSubscribe(peer);
      }
      peer.socket.destroy();
    });
    onTestFinished(() => liar.close());
    return liar;
  }

  function subscribe(liar: Liar, ...words: string[]) {
    // One version: with -V auto a closed connection is tried again with MQTT 3.1.1.
    const argv = ['-h', '127.0.0.1', '-p', String(liar.port), '-t', 'a', '-V', '5', ...words];
    return runCli('mqtt-sub', argv, { real: true });
  }

  it.each([0, 1, 3])('is tried %i times with --retry', async (retries) => {
    const liar = await goesAway();
    const { exitCode, stderr } = await subscribe(liar, '--retry', String(retries));
    expect(exitCode).toBe(7);
    expect(liar.connections).toBe(1 + retries);
    expect(stderr).toMatch(
      retries === 0
        ? /^mqtt-sub: the connection was lost \(.*\)\n/
        : /^mqtt-sub: connection lost \(.*\), trying again \.\.\.\nmqtt-sub: the connection was lost \(.*\) and not recovered: 127\.0\.0\.1:\d+ closed the connection before CONNACK\n/,
    );
  });

  it('is tried as long as --retry-for says', async () => {
    const liar = await goesAway();
    const startedMs = performance.now();
    const { exitCode } = await subscribe(liar, '--retry-for', '400ms');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(399);
    expect(exitCode).toBe(7);
    expect(liar.connections).toBeGreaterThanOrEqual(3);
  });

  it('is tried until the first of both', async () => {
    const liar = await goesAway();
    expect((await subscribe(liar, '--retry-for', '1h', '--retry', '2')).exitCode).toBe(7);
    expect(liar.connections).toBe(3);
  });

  it('is counted anew after each connection that stood', async () => {
    const liar = await startLiar(async (peer, connection) => {
      if (connection % 2 === 1 && connection < 6) {
        await acceptConnect(peer);
        await acceptSubscribe(peer);
      }
      peer.socket.destroy();
    });
    onTestFinished(() => liar.close());
    const { exitCode } = await subscribe(liar, '--retry', '2');
    expect(exitCode).toBe(7);
    // Stood at 1, 3 and 5; the two attempts after the fifth were in vain.
    expect(liar.connections).toBe(7);
  });
});
