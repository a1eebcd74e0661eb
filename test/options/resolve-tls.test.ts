import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTempFolder } from '../support/temp-folder.ts';
import {
  CERTIFICATE,
  ENCRYPTED_KEY,
  KEY as KEY_TEXT,
  OLD_PKCS12,
  OTHER_CERTIFICATE,
  OTHER_KEY,
  PKCS12,
  WEAK_CERTIFICATE,
  WEAK_KEY,
} from './identities.ts';
import { faultOfAsync } from './parsing.ts';
import { resolve } from './resolving.ts';

const folder = makeTempFolder();
afterAll(() => folder.remove());

function fileWith(name: string, content: string | Buffer): string {
  const path = folder.file(name);
  writeFileSync(path, content);
  return path;
}

/** PEM to DER. */
function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
}

const CA = fileWith('ca.crt', OTHER_CERTIFICATE);
const CERT = fileWith('client.crt', CERTIFICATE);
const KEY = fileWith('client.key', KEY_TEXT);
const NO_PEM = fileWith('notes.txt', 'no certificate at all\n');
const PASSPHRASE = fileWith('passphrase', 'secret\nmore\n');
const WRONG_PASSPHRASE = fileWith('wrong-passphrase', 'sentinel\n');

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
    expect(await tlsOf('--cafile', CA)).toEqual({ insecure: false, ca: [OTHER_CERTIFICATE] });
    expect(await tlsOf('--cafile', CA, '--insecure')).toEqual({ insecure: true, ca: [OTHER_CERTIFICATE] });
    const path = folder.file('one-authority');
    mkdirSync(path);
    writeFileSync(`${path}/a.crt`, CERTIFICATE);
    expect(await tlsOf('--cafile', CA, '--capath', path)).toEqual({
      insecure: false,
      ca: [OTHER_CERTIFICATE, CERTIFICATE],
    });
  });

  it('trusts all certificates of a file, with whatever stands between them', async () => {
    const content = `# ours\r\n${OTHER_CERTIFICATE}Ümlaut\n${CERTIFICATE}${KEY_TEXT}`;
    expect(await tlsOf('--cafile', fileWith('bundle.pem', content))).toEqual({
      insecure: false,
      ca: [Buffer.from(content).toString('latin1')],
    });
  });

  it('trusts each PEM file of a folder, once, in the order of the names', async () => {
    const path = folder.file('authorities');
    mkdirSync(path);
    for (const [name, text] of [
      ['b.pem', CERTIFICATE],
      ['a.crt', OTHER_CERTIFICATE],
      ['0a1b2c3d.0', OTHER_CERTIFICATE],
    ]) {
      writeFileSync(`${path}/${name}`, text ?? '');
    }
    writeFileSync(`${path}/README`, 'no certificate');
    writeFileSync(`${path}/a.key`, KEY_TEXT);
    mkdirSync(`${path}/old`);
    expect(await tlsOf('--capath', path)).toEqual({ insecure: false, ca: [OTHER_CERTIFICATE, CERTIFICATE] });
  });

  it.each(['--tls-use-os-certs', '--tls-ca-os'])(
    'trusts the store of the system with %s: that of the variables, if there are any',
    async (option) => {
      const path = folder.file(`store${option}`);
      mkdirSync(path);
      writeFileSync(`${path}/a.crt`, CERTIFICATE);
      const trusted = async (env: Record<string, string>, ...argv: string[]) => {
        const { endpoint } = await resolve(['-h', 'h', option, ...argv], env);
        expect(endpoint.port).toBe(8883);
        return endpoint.tls?.ca;
      };
      expect(await trusted({ SSL_CERT_FILE: CA })).toEqual([OTHER_CERTIFICATE]);
      expect(await trusted({ SSL_CERT_DIR: `:${path}:` })).toEqual([CERTIFICATE]);
      expect(await trusted({ SSL_CERT_FILE: CA, SSL_CERT_DIR: path })).toEqual([OTHER_CERTIFICATE, CERTIFICATE]);
      expect(await trusted({ SSL_CERT_FILE: CA }, '--cafile', CERT)).toEqual([CERTIFICATE, OTHER_CERTIFICATE]);
      const none = folder.file('none');
      expect(await faultOfAsync(trusted({ SSL_CERT_FILE: none }))).toBe(`SSL_CERT_FILE ${none}: no such file`);
      expect(await faultOfAsync(trusted({ SSL_CERT_DIR: none }))).toBe(`SSL_CERT_DIR ${none}: no such file`);
    },
  );

  it('trusts what OpenSSL’s variables name where no option says what to trust', async () => {
    const trusted = async (env: Record<string, string>, ...argv: string[]) =>
      (await resolve(['-h', 'h', '-p', '8883', ...argv], env)).endpoint.tls?.ca;
    expect(await trusted({ SSL_CERT_FILE: CA })).toEqual([OTHER_CERTIFICATE]);
    expect(await trusted({ SSL_CERT_FILE: CA }, '--cafile', CERT)).toEqual([CERTIFICATE]);
    expect(await trusted({ SSL_CERT_FILE: folder.file('none') })).toBe(undefined);
    expect(await trusted({ SSL_CERT_FILE: NO_PEM })).toBe(undefined);
    expect(await trusted({ SSL_CERT_FILE: '' })).toBe(undefined);
    expect(await trusted({ SSL_CERT_FILE: CA }, '--psk', 'ab', '--psk-identity', 'x')).toBe(undefined);
  });

  it('shows the client certificate', async () => {
    const encrypted = fileWith('encrypted.key', ENCRYPTED_KEY);
    expect(await tlsOf('--cafile', CA, '--cert', CERT, '--key', encrypted, '--passphrase-file', PASSPHRASE)).toEqual({
      insecure: false,
      ca: [OTHER_CERTIFICATE],
      cert: Buffer.from(CERTIFICATE),
      key: Buffer.from(ENCRYPTED_KEY),
      passphrase: 'secret',
    });
    const pfx = fileWith('client.p12', PKCS12);
    expect(await tlsOf('-p', '8883', '--pfx', pfx, '--passphrase-file', PASSPHRASE)).toEqual({
      insecure: false,
      pfx: PKCS12,
      passphrase: 'secret',
    });
  });

  it('shows a client certificate that stands in one file with its key, in any order', async () => {
    for (const content of [CERTIFICATE + KEY_TEXT, KEY_TEXT + CERTIFICATE, `${KEY_TEXT}text\n${CERTIFICATE}`]) {
      const path = fileWith('both.pem', content);
      expect(await tlsOf('--cafile', CA, '--cert', path, '--key', path, '--keyform', 'pem')).toMatchObject({
        key: Buffer.from(content),
      });
    }
  });

  it('takes no passphrase amiss that is not needed', async () => {
    expect(await tlsOf('--cafile', CA, '--cert', CERT, '--key', KEY, '--passphrase-file', PASSPHRASE)).toMatchObject({
      passphrase: 'secret',
    });
  });

  it('has settings of its own', async () => {
    const pin = `sha256:${'Ab:'.repeat(31)}cD`;
    const argv = ['--servername', 'x', '--pin', pin, '--ciphers', 'HIGH', '--tls-version', 'tlsv1.3'];
    expect(await tlsOf('--cafile', CA, ...argv, '--tls-alpn', 'mqtt')).toEqual({
      insecure: false,
      ca: [OTHER_CERTIFICATE],
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
    [
      ['--psk', 'ab', '--psk-identity', 'x', '--pin', `sha256:${'0'.repeat(64)}`],
      '--psk and --pin exclude each other: there is no certificate',
    ],
    [['--cafile', CA, '--pfx', CERT, '--keyform', 'pem'], '--keyform needs --key'],
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
    const der = fileWith('ca.der', derOf(CERTIFICATE));
    expect(await fault('--cafile', der)).toBe(
      `--cafile ${der}: holds no PEM certificate\nIt is in DER form: openssl x509 -in ${der} -out ca.pem`,
    );
    const key = fileWith('key.pem', KEY_TEXT);
    expect(await fault('--cafile', key)).toBe(`--cafile ${key}: holds no PEM certificate`);
    const broken = fileWith('broken.pem', `${CERTIFICATE}${OTHER_CERTIFICATE.replace('MII', 'AAA')}`);
    expect(await fault('--cafile', broken)).toBe(`--cafile ${broken}: certificate 2 of the file cannot be read`);
    mkdirSync(empty);
    expect(await fault('--capath', empty)).toBe(`--capath ${empty}: holds no PEM certificate`);
  });

  const passphraseFile = 'Its passphrase comes from a file: --passphrase-file FILE';

  it.each<[string, string | Buffer, string | Buffer, string[], string]>([
    ['a key that is encrypted', CERTIFICATE, ENCRYPTED_KEY, [], `--key KEY: is encrypted\n${passphraseFile}`],
    [
      'the passphrase of another key',
      CERTIFICATE,
      ENCRYPTED_KEY,
      ['--passphrase-file', WRONG_PASSPHRASE],
      `--passphrase-file ${WRONG_PASSPHRASE}: is not the passphrase of --key KEY`,
    ],
    ['the key of another', CERTIFICATE, OTHER_KEY, [], '--cert CERT and --key KEY do not belong together'],
    ['a key of another kind', CERTIFICATE, WEAK_KEY, [], '--cert CERT and --key KEY do not belong together'],
    ['a weak key', WEAK_CERTIFICATE, WEAK_KEY, [], '--cert CERT: is too weak for TLS today (ee key too small)'],
    [
      'a certificate for a key',
      CERTIFICATE,
      OTHER_CERTIFICATE,
      [],
      '--key KEY: holds no PEM private key (unsupported)',
    ],
    ['a key for a certificate', KEY_TEXT, KEY_TEXT, [], '--cert CERT: holds no PEM certificate'],
    ['DER', derOf(CERTIFICATE), KEY_TEXT, [], '--cert CERT: holds no PEM certificate'],
    ['empty files', '', '', [], '--cert CERT: holds no PEM certificate'],
  ])('refuses %s before anything is connected', async (_, certificate, key, argv, message) => {
    const certFile = fileWith('tried.crt', certificate);
    const keyFile = fileWith('tried.key', key);
    const said = await fault('-p', '8883', '--cert', certFile, '--key', keyFile, ...argv);
    expect(said.replace(certFile, 'CERT').replace(keyFile, 'KEY')).toBe(message);
    expect(said).not.toContain('sentinel');
  });

  it.each<[string, Buffer, string[], string]>([
    ['without its passphrase', PKCS12, [], `--pfx PFX: is encrypted\n${passphraseFile}`],
    [
      'with another passphrase',
      PKCS12,
      ['--passphrase-file', WRONG_PASSPHRASE],
      `--passphrase-file ${WRONG_PASSPHRASE}: is not the passphrase of --pfx PFX`,
    ],
    ['in PEM', Buffer.from(CERTIFICATE), [], '--pfx PFX: is no PKCS#12 file (wrong tag)'],
    ['that is empty', Buffer.alloc(0), [], '--pfx PFX: is no PKCS#12 file (not enough data)'],
    [
      'of OpenSSL 1',
      OLD_PKCS12,
      ['--passphrase-file', PASSPHRASE],
      '--pfx PFX: is encrypted in an old way that OpenSSL 3 does not know any more\n' +
        'Convert it: openssl pkcs12 -legacy -in OLD -nodes -out ALL.pem; openssl pkcs12 -export -in ALL.pem -out NEW',
    ],
  ])('refuses a PKCS#12 file %s before anything is connected', async (_, content, argv, message) => {
    const path = fileWith('tried.p12', content);
    expect((await fault('-p', '8883', '--pfx', path, ...argv)).replace(path, 'PFX')).toBe(message);
  });

  it.each(['HIGH', 'ECDHE-RSA-AES128-GCM-SHA256:!aNULL', 'TLS_AES_128_GCM_SHA256', 'PSK', 'DEFAULT@SECLEVEL=1'])(
    'knows the ciphers %s',
    async (ciphers) => {
      expect(await tlsOf('--cafile', CA, '--ciphers', ciphers)).toMatchObject({ ciphers });
    },
  );

  it.each([
    ['NONSENSE', 'no cipher match'],
    ['TLS_NONSENSE', 'no cipher match'],
    ['HIGH:\n', 'invalid command'],
  ])('does not know the ciphers %j', async (ciphers, reason) => {
    expect(await fault('--cafile', CA, '--ciphers', ciphers)).toBe(
      `--ciphers ${ciphers === 'HIGH:\n' ? '"HIGH:\\n"' : ciphers}: ${reason}\nIt is a list of names apart by colons, as \`openssl ciphers\` prints it.`,
    );
  });

  it('writes its keys to a file that is for us alone, and says before it connects when it cannot', async () => {
    const path = folder.file('keys.log');
    expect(await tlsOf('--cafile', CA, '--tls-keylog', path)).toMatchObject({ keyLogFile: path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, 'before\n');
    await tlsOf('--cafile', CA, '--tls-keylog', path);
    expect(readFileSync(path, 'utf8')).toBe('before\n');
    expect(await fault('--cafile', CA, '--tls-keylog', `${folder.path}/none/of/it`)).toBe(
      `--tls-keylog ${folder.path}/none/of/it: no such folder`,
    );
    expect(await fault('--cafile', CA, '--tls-keylog', folder.path)).toBe(`--tls-keylog ${folder.path}: is a folder`);
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
