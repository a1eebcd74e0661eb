// Not node:fs/promises, which takes time to load: it is loaded when first used so.
import { promises } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import type { TlsPlan } from '../mqtt/connection-plan.ts';
import { readSystemStore } from '../mqtt/system-store.ts';
import { quote } from '../output/escape.ts';
import { checkWritable, describeFileError, readFirstLine, readNamedFile } from './files.ts';
import type { OptionValues } from './option-values.ts';
import type { OptionSpec } from './spec.ts';
import * as tls from './tls.ts';

/** Options that mean nothing without TLS, and do not turn it on. */
const NEED_TLS: readonly OptionSpec[] = [
  tls.certOption,
  tls.keyOption,
  tls.keyFormOption,
  tls.pfxOption,
  tls.passphraseFileOption,
  tls.serverNameOption,
  tls.pinOption,
  tls.tlsVersionOption,
  tls.ciphersOption,
  tls.alpnOption,
  tls.pskIdentityOption,
  tls.keyLogOption,
  tls.insecureOption,
];

/** `wanted`: the URL or the port asks for TLS; the CA options do so too. Undefined: no TLS. Throws UsageError. */
export async function resolveTls(
  values: OptionValues,
  wanted: boolean,
  env: Context['env'],
): Promise<TlsPlan | undefined> {
  const fromOs = values.get(tls.osCertsOption) || values.get(tls.osCaOption);
  const turnedOn = [tls.caFileOption, tls.caPathOption, tls.pskOption].some((spec) => values.has(spec)) || fromOs;
  if (values.get(tls.noTlsOption)) return undefined;
  if (!wanted && !turnedOn) {
    const orphan = NEED_TLS.find((spec) => values.has(spec));
    if (orphan) {
      throw new UsageError(
        `${values.spelled(orphan)} is for TLS, and this connection has none`,
        'TLS is turned on by mqtts://, by --cafile or --capath, and by -p 8883.',
      );
    }
    return undefined;
  }
  const { ca, ...origin } = await readTrusted(values, fromOs, env);
  await checkSettings(values);
  return {
    insecure: values.get(tls.insecureOption),
    ...(ca.length > 0 && { ca, ...origin }),
    ...(await resolveOwnCertificate(values)),
    ...resolvePsk(values, ca.length > 0),
    ...optional('serverName', values.get(tls.serverNameOption)),
    ...optional('pin', values.get(tls.pinOption)),
    ...optional('ciphers', values.get(tls.ciphersOption)),
    ...optional('minVersion', values.get(tls.tlsVersionOption)),
    ...optional('alpn', values.get(tls.alpnOption)),
    ...optional('keyLogFile', values.get(tls.keyLogOption)),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

async function readTrusted(
  values: OptionValues,
  fromOs: boolean,
  env: Context['env'],
): Promise<{ readonly ca: readonly string[]; readonly caOrigin?: string }> {
  const caFile = values.get(tls.caFileOption);
  const caPath = values.get(tls.caPathOption);
  const ca: string[] = [];
  if (caFile !== undefined) ca.push(await readCertificates(values.spelled(tls.caFileOption), caFile));
  if (caPath !== undefined) ca.push(...(await readCertificateFolder(values.spelled(tls.caPathOption), caPath)));
  if (fromOs) ca.push(...(await readStore(env)));
  // As OpenSSL does it: the variables replace the store of the system. A variable that leads nowhere replaces nothing.
  const named = ['SSL_CERT_FILE', 'SSL_CERT_DIR'].filter((name) => env[name]);
  const isStore = fromOs && caFile === undefined && caPath === undefined;
  if (isStore) return { ca, caOrigin: named.length > 0 ? `those of ${named.join(' and ')}` : 'those of the system' };
  if (ca.length > 0 || values.has(tls.pskOption)) return { ca };
  return { ca: await readStoreOfVariables(env).catch(() => []), caOrigin: `those of ${named.join(' and ')}` };
}

async function resolveOwnCertificate(values: OptionValues): Promise<Partial<TlsPlan>> {
  const [certPath, keyPath, pfxPath] = [
    values.get(tls.certOption),
    values.get(tls.keyOption),
    values.get(tls.pfxOption),
  ];
  if ((certPath === undefined) !== (keyPath === undefined)) {
    const [given, missing] = certPath === undefined ? ['--key', '--cert'] : ['--cert', '--key'];
    throw new UsageError(`${given} needs ${missing} too`);
  }
  if (pfxPath !== undefined && certPath !== undefined) throw new UsageError('--pfx and --cert exclude each other');
  if (values.has(tls.keyFormOption) && keyPath === undefined) throw new UsageError('--keyform needs --key');
  const passphrasePath = values.get(tls.passphraseFileOption);
  if (passphrasePath !== undefined && keyPath === undefined && pfxPath === undefined) {
    throw new UsageError('--passphrase-file needs --key or --pfx');
  }
  if (certPath === undefined && pfxPath === undefined) return {};
  const own = {
    ...(certPath !== undefined && { cert: await readNamedFile('--cert', certPath) }),
    ...(keyPath !== undefined && { key: await readNamedFile('--key', keyPath) }),
    ...(pfxPath !== undefined && { pfx: await readNamedFile('--pfx', pfxPath) }),
    ...(passphrasePath !== undefined && {
      passphrase: (await readFirstLine('--passphrase-file', passphrasePath)).toString(),
    }),
  };
  const { checkOwnCertificate } = await import('./tls-material.ts');
  checkOwnCertificate(own, {
    ...(certPath !== undefined && { cert: `--cert ${quote(certPath)}` }),
    ...(keyPath !== undefined && { key: `--key ${quote(keyPath)}` }),
    ...(pfxPath !== undefined && { pfx: `--pfx ${quote(pfxPath)}` }),
    ...(passphrasePath !== undefined && { passphrase: `--passphrase-file ${quote(passphrasePath)}` }),
  });
  return own;
}

/** What can be known to be wrong before there is a connection. */
async function checkSettings(values: OptionValues): Promise<void> {
  const ciphers = values.get(tls.ciphersOption);
  const keyLogFile = values.get(tls.keyLogOption);
  if (ciphers !== undefined) {
    const { checkCiphers } = await import('./tls-material.ts');
    checkCiphers(values.spelled(tls.ciphersOption), ciphers);
  }
  if (keyLogFile !== undefined) await checkWritable(values.spelled(tls.keyLogOption), keyLogFile);
}

function resolvePsk(values: OptionValues, hasCa: boolean): Partial<TlsPlan> {
  const key = values.get(tls.pskOption);
  const identity = values.get(tls.pskIdentityOption);
  if (key === undefined && identity === undefined) return {};
  if (key === undefined) throw new UsageError('--psk-identity needs --psk');
  if (identity === undefined) throw new UsageError('--psk needs --psk-identity');
  if (hasCa) throw new UsageError('--psk and certificates to trust exclude each other');
  if (values.get(tls.tlsVersionOption) === 'TLSv1.3') throw new UsageError('--psk works up to TLS 1.2');
  if (values.has(tls.pinOption)) throw new UsageError('--psk and --pin exclude each other: there is no certificate');
  return { psk: { identity, key } };
}

const PEM = /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/;

async function readCertificates(spelled: string, path: string): Promise<string> {
  const text = (await readNamedFile(spelled, path)).toString('latin1');
  const { checkCertificates, isCertificate } = await import('./tls-material.ts');
  if (!PEM.test(text)) {
    const hint = isCertificate(Buffer.from(text, 'latin1'))
      ? `It is in DER form: openssl x509 -in ${quote(path)} -out ca.pem`
      : undefined;
    throw new UsageError(`${spelled} ${quote(path)}: holds no PEM certificate`, hint);
  }
  checkCertificates(`${spelled} ${quote(path)}`, text);
  return text;
}

/** OpenSSL wants the files hashed by `openssl rehash`; here every PEM file of the folder counts. */
async function readCertificateFolder(spelled: string, path: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = (await promises.readdir(path)).sort();
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeFileError(error)}`);
  }
  const found = new Set<string>();
  for (const name of names) {
    const content = await promises.readFile(join(path, name)).catch(() => undefined);
    const text = content?.toString('latin1');
    if (text !== undefined && PEM.test(text)) found.add(text);
  }
  if (found.size === 0) throw new UsageError(`${spelled} ${quote(path)}: holds no PEM certificate`);
  return [...found];
}

/** OpenSSL's own variables name the store; several folders stand apart by colons. */
async function readStoreOfVariables({ SSL_CERT_FILE = '', SSL_CERT_DIR = '' }: Context['env']): Promise<string[]> {
  const folders = SSL_CERT_DIR.split(':').filter((folder) => folder !== '');
  return [
    ...(SSL_CERT_FILE === '' ? [] : [await readCertificates('SSL_CERT_FILE', SSL_CERT_FILE)]),
    ...(await Promise.all(folders.map((folder) => readCertificateFolder('SSL_CERT_DIR', folder)))).flat(),
  ];
}

async function readStore(env: Context['env']): Promise<readonly string[]> {
  const named = await readStoreOfVariables(env);
  if (named.length > 0) return named;
  const store = await readSystemStore();
  if (store !== undefined) return [store];
  throw new UsageError(
    '--tls-use-os-certs: this system keeps no certificates in a place that is known here',
    'Name the file: --cafile FILE, or the variable SSL_CERT_FILE.',
  );
}
