import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTempFolder } from '../support/temp-folder.ts';
import { faultOfAsync } from './parsing.ts';
import { resolve } from './resolving.ts';

const folder = makeTempFolder();
afterAll(() => folder.remove());

const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

function fileWith(name: string, content: string): string {
  const path = folder.file(name);
  writeFileSync(path, content);
  return path;
}

const CA = fileWith('ca.crt', pem('YQ=='));
const CERT = fileWith('client.crt', pem('Yg=='));
const KEY = fileWith('client.key', '-----BEGIN PRIVATE KEY-----\nYw==\n-----END PRIVATE KEY-----\n');
const NO_PEM = fileWith('notes.txt', 'no certificate at all\n');
const PASSPHRASE = fileWith('passphrase', 'secret\nmore\n');

/** Without a port of its own TLS is on 8883, with all of the settings in its plan. */
async function tlsOf(...argv: string[]): Promise<object | undefined> {
  const { endpoint } = await resolve(['-h', 'h', ...argv]);
  expect(endpoint.port).toBe(endpoint.tls ? 8883 : 1883);
  return endpoint.tls;
}

const fault = (...argv: string[]): Promise<string> => faultOfAsync(resolve(['-h', 'h', ...argv]));

describe('TLS', () => {
  it('is off without a reason for it', async () => {
    expect(await tlsOf()).toBe(undefined);
    expect(await tlsOf('--no-tls')).toBe(undefined);
  });

  it.each([[['--cafile', CA]], [['--capath', folder.path]], [['-p', '8883']], [['mqtts://h']]])(
    'is turned on by %j',
    async (argv) => {
      expect((await resolve(argv)).endpoint).toMatchObject({ port: 8883, tls: { insecure: false } });
    },
  );

  it('is turned off by --no-tls, whatever turns it on', async () => {
    expect((await resolve(['-h', 'h', '-p', '8883', '--no-tls'])).endpoint).toEqual({ host: 'h', port: 8883 });
    expect((await resolve(['mqtts://h', '--no-tls'])).endpoint).toEqual({ host: 'h', port: 8883 });
  });

  it.each([
    [['--insecure'], '--insecure'],
    [['--cert', CERT, '--key', KEY], '--cert'],
    [['--key', KEY], '--key'],
    [['--cert', 'none'], '--cert'],
    [['--servername', 'x'], '--servername'],
    [['--pin', `sha256:${'0'.repeat(64)}`], '--pin'],
    [['--tls-version', 'tlsv1.3'], '--tls-version'],
    [['--pfx', CERT], '--pfx'],
  ])('is needed by %j', async (argv, option) => {
    expect(await fault(...argv)).toBe(
      `${option} is for TLS, and this connection has none\nTLS is turned on by mqtts://, by --cafile or --capath, and by -p 8883.`,
    );
  });

  it('trusts what the files hold', async () => {
    expect(await tlsOf('--cafile', CA)).toEqual({ insecure: false, ca: [pem('YQ==')] });
    expect(await tlsOf('--cafile', CA, '--insecure')).toEqual({ insecure: true, ca: [pem('YQ==')] });
    expect(await tlsOf('--cafile', CA, '--capath', folder.path)).toEqual({
      insecure: false,
      ca: [pem('YQ=='), pem('YQ=='), pem('Yg==')],
    });
  });

  it('trusts each PEM file of a folder, once, in the order of the names', async () => {
    const path = folder.file('authorities');
    mkdirSync(path);
    for (const [name, text] of [
      ['b.pem', 'Yg=='],
      ['a.crt', 'YQ=='],
      ['0a1b2c3d.0', 'YQ=='],
    ]) {
      writeFileSync(`${path}/${name}`, pem(text ?? ''));
    }
    writeFileSync(`${path}/README`, 'no certificate');
    writeFileSync(`${path}/a.key`, '-----BEGIN PRIVATE KEY-----');
    mkdirSync(`${path}/old`);
    expect(await tlsOf('--capath', path)).toEqual({ insecure: false, ca: [pem('YQ=='), pem('Yg==')] });
  });

  it('trusts the store of the system when that is asked for', async () => {
    const { endpoint } = await resolve(['-h', 'h', '--tls-use-os-certs'], { SSL_CERT_FILE: CA });
    expect(endpoint.tls).toEqual({ insecure: false, ca: [pem('YQ==')] });
  });

  it('shows the client certificate', async () => {
    expect(await tlsOf('--cafile', CA, '--cert', CERT, '--key', KEY, '--passphrase-file', PASSPHRASE)).toEqual({
      insecure: false,
      ca: [pem('YQ==')],
      cert: Buffer.from(pem('Yg==')),
      key: expect.any(Buffer),
      passphrase: 'secret',
    });
  });

  it('has settings of its own', async () => {
    const pin = `sha256:${'Ab:'.repeat(31)}cD`;
    const argv = ['--servername', 'x', '--pin', pin, '--ciphers', 'HIGH', '--tls-version', 'tlsv1.3'];
    expect(await tlsOf('--cafile', CA, ...argv, '--tls-alpn', 'mqtt')).toEqual({
      insecure: false,
      ca: [pem('YQ==')],
      serverName: 'x',
      pin: `${'ab'.repeat(31)}cd`,
      ciphers: 'HIGH',
      minVersion: 'TLSv1.3',
      alpn: 'mqtt',
    });
    expect(await tlsOf('--psk', 'aBc', '--psk-identity', 'x')).toEqual({
      insecure: false,
      psk: { identity: 'x', key: Buffer.from([0x0a, 0xbc]) },
    });
  });

  it.each([
    [['--cafile', CA, '--cert', CERT], '--cert needs --key too'],
    [['--cafile', CA, '--key', KEY], '--key needs --cert too'],
    [['--cafile', CA, '--cert', CERT, '--key', KEY, '--pfx', CERT], '--pfx and --cert exclude each other'],
    [['--cafile', CA, '--keyform', 'pem'], '--keyform needs --key'],
    [['--cafile', CA, '--passphrase-file', PASSPHRASE], '--passphrase-file needs --key or --pfx'],
    [['--psk', 'ab'], '--psk needs --psk-identity'],
    [['-p', '8883', '--psk-identity', 'x'], '--psk-identity needs --psk'],
    [['--cafile', CA, '--psk', 'ab', '--psk-identity', 'x'], '--psk and certificates to trust exclude each other'],
    [['--psk', 'ab', '--psk-identity', 'x', '--tls-version', 'tlsv1.3'], '--psk works up to TLS 1.2'],
  ])('contradicts itself with %j', async (argv, message) => {
    expect(await fault(...argv)).toBe(message);
  });

  it.each(['--cafile', '--capath', '--cert', '--key', '--pfx', '--passphrase-file'])(
    'needs a %s that can be read',
    async (option) => {
      const none = folder.file('none');
      const argv: Record<string, string[]> = {
        '--cert': ['--key', KEY],
        '--key': ['--cert', CERT],
        '--passphrase-file': ['--cert', CERT, '--key', KEY],
      };
      expect(await fault('-p', '8883', option, none, ...(argv[option] ?? []))).toBe(`${option} ${none}: no such file`);
    },
  );

  it('needs certificates in what it trusts', async () => {
    expect(await fault('--cafile', NO_PEM)).toBe(`--cafile ${NO_PEM}: holds no PEM certificate`);
    expect(await fault('--cafile', folder.path)).toBe(`--cafile ${folder.path}: is a folder`);
    expect(await fault('--capath', CA)).toBe(`--capath ${CA}: is not a folder`);
    const empty = folder.file('empty');
    mkdirSync(empty);
    expect(await fault('--capath', empty)).toBe(`--capath ${empty}: holds no PEM certificate`);
  });

  it.each([
    [['--pin', 'sha256:00'], '--pin sha256:00: must be sha256: and 64 hexadecimal digits'],
    [['--pin', 'x'], '--pin x: must be sha256: and 64 hexadecimal digits'],
    [['--tls-version', 'tlsv1.1'], '--tls-version tlsv1.1: must be tlsv1.2 or tlsv1.3'],
    [['--psk', '0xab'], '--psk "***": must be hexadecimal digits, without 0x'],
    [['--tls-alpn', ''], '--tls-alpn "": must be 1 to 254 bytes long'],
    [['--cafile', ''], '--cafile "": must not be empty'],
    [
      ['--keyform', 'engine'],
      '--keyform engine: OpenSSL engines are not available in Node\nGive the key as a PEM file.',
    ],
  ])('has no such setting as %j', async (argv, message) => {
    expect(await fault(...argv)).toBe(message);
  });
});
