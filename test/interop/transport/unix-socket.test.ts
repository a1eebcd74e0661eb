/** Unix sockets of mosquitto. */
import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { findClosedPort } from '../../support/free-port.ts';
import { startLiar } from '../../support/liar.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, publish, SENT } from './publishing.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'openssl'], 'A Unix socket', () => {
  const folder = makeTempFolder();
  const path = folder.file('broker.sock');
  const secured = folder.file('secured.sock');
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({
      listeners: { unix: { unix: path }, secured: { unix: secured, tls: certificates.wrongName } },
    });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  it.each([['--unix'], ['-h PATH -p 0'], ['-p 0 -h PATH'], ['MQTT_HOST']])('carries messages with %s', async (how) => {
    const words: Record<string, string[]> = {
      '--unix': ['--unix', path],
      '-h PATH -p 0': ['-h', path, '-p', '0'],
      '-p 0 -h PATH': ['-p', '0', '-h', path],
    };
    const env = words[how] === undefined ? { MQTT_HOST: path, MQTT_PORT: '0' } : {};
    expect(await publish(words[how] ?? [], { env })).toEqual(SENT);
  });

  it('mqtt-sub receives', async () => {
    const subscriber = spawnCli('mqtt-sub', ['--unix', path, '-t', 'local', '-i', 'local', '-C', '1']);
    await waitForSubscription(broker, 'local', subscriber);
    await mosquittoPub(broker, '-t', 'local', '-m', 'x');
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });

  it('is the place of whatever comes last: --unix, or -h and -p', async () => {
    const closed = ['-h', '127.0.0.1', '-p', String(await findClosedPort())];
    const port = ['-h', '127.0.0.1', '-p', String(broker.port)];
    expect(await publish([...closed, '--unix', path])).toEqual(SENT);
    expect(await publish(['--unix', folder.file('none'), ...port])).toEqual(SENT);
    expect(await publish(['--unix', folder.file('none'), '--unix', path])).toEqual(SENT);
    const half = await publish(['--unix', path, '-p', String(await findClosedPort())]);
    expect(half[0]).not.toBe(0);
  });

  it('is the place of the strongest source', async () => {
    const file = folder.file('options');
    writeFileSync(file, `--unix ${folder.file('none')}\n`);
    expect(await publish(['-o', file, '--unix', path])).toEqual(SENT);
    expect(await publish(['-o', file], { env: { MQTT_HOST: '127.0.0.1', MQTT_PORT: String(broker.port) } })).toEqual(
      SENT,
    );
    expect(await publish(['--unix', path], { env: { MQTT_URL: 'mqtts://broker.invalid' } })).toEqual(SENT);
  });

  it('may carry TLS: the chain is checked, and a name only if one is given', async () => {
    const trust = ['--cafile', certificates.caFile];
    expect(await publish(['--unix', secured, ...trust])).toEqual(SENT);
    expect(await publish(['--unix', secured, ...trust, '--servername', 'broker.example.com'])).toEqual(SENT);
    expect(await publish(['--unix', secured, ...trust, '--servername', 'localhost'])).toEqual(
      failed(
        4,
        'the certificate of localhost is for broker.example.com, not localhost',
        'Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      ),
    );
    const [exitCode, stderr] = await publish(['--unix', secured, '--cafile', certificates.otherCaFile]);
    expect(stderr).toContain('is signed by "Example Test CA", which is none of the given CA certificates');
    expect(exitCode).toBe(4);
  });

  it('that is not there, that nobody listens on, or that is none', async () => {
    const none = folder.file('none');
    expect(await publish(['--unix', none])).toEqual(
      failed(3, `there is no socket ${none}`, 'Is the broker running? Is the path right?'),
    );
    const gone = folder.file('gone');
    const liar = await startLiar(() => undefined, { path: gone });
    writeFileSync(folder.file('file'), '');
    expect((await publish(['--unix', folder.file('file')]))[1]).toContain(
      `nothing is listening on ${folder.file('file')}\n`,
    );
    await liar.close();
    expect((await publish(['--unix', gone]))[1]).toContain(`${gone}\n`);
  });

  it('that does not answer', async () => {
    const silent = folder.file('silent');
    const liar = await startLiar(() => undefined, { path: silent });
    onTestFinished(() => liar.close());
    expect((await publish(['--unix', silent, '--connect-timeout', '100ms']))[1]).toContain(
      `no answer from ${silent} in 100 ms\n`,
    );
  });

  it.skipIf(process.getuid?.() === 0)('that is not ours', async () => {
    const locked = folder.file('locked');
    const liar = await startLiar(() => undefined, { path: locked });
    onTestFinished(() => liar.close());
    chmodSync(locked, 0);
    expect(await publish(['--unix', locked])).toEqual(failed(3, `no permission to connect to ${locked}`));
  });

  it('that speaks TLS, or not, against expectation', async () => {
    const [plain, tls] = [
      await publish(['--unix', secured]),
      await publish(['--unix', path, '--cafile', certificates.caFile]),
    ];
    expect(plain[1]).toContain(`${secured} closed the connection before CONNACK\n`);
    expect(tls[1]).toContain(`${path} closed the connection in the TLS handshake\n`);
  });
});
