import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { TlsPlan } from '../mqtt/connection-plan.ts';
import { quote } from '../output/escape.ts';
import { caFileOption, caPathOption, certOption, insecureOption, keyOption } from './connection.ts';
import { describeFileError, readNamedFile } from './files.ts';
import type { OptionValues } from './option-values.ts';

/** `wanted`: the URL or the port asks for TLS; the CA options do so too. Undefined: no TLS. Throws UsageError. */
export async function resolveTls(values: OptionValues, wanted: boolean): Promise<TlsPlan | undefined> {
  const caFile = values.get(caFileOption);
  const caPath = values.get(caPathOption);
  if (!wanted && caFile === undefined && caPath === undefined) {
    const orphan = [certOption, keyOption, insecureOption].find((spec) => values.has(spec));
    if (orphan) {
      throw new UsageError(
        `${values.spelled(orphan)} is for TLS, and this connection has none`,
        'TLS is turned on by mqtts://, by --cafile or --capath, and by -p 8883.',
      );
    }
    return undefined;
  }
  const ca: string[] = [];
  if (caFile !== undefined) ca.push(await readCertificates(values.spelled(caFileOption), caFile));
  if (caPath !== undefined) ca.push(...(await readCertificateFolder(values.spelled(caPathOption), caPath)));
  const [certPath, keyPath] = [values.get(certOption), values.get(keyOption)];
  if ((certPath === undefined) !== (keyPath === undefined)) {
    const [given, missing] = certPath === undefined ? ['--key', '--cert'] : ['--cert', '--key'];
    throw new UsageError(`${given} needs ${missing} too`);
  }
  return {
    insecure: values.get(insecureOption),
    ...(ca.length > 0 && { ca }),
    ...(certPath !== undefined && { cert: await readNamedFile('--cert', certPath) }),
    ...(keyPath !== undefined && { key: await readNamedFile('--key', keyPath) }),
  };
}

const PEM_CERTIFICATE = '-----BEGIN';

async function readCertificates(spelled: string, path: string): Promise<string> {
  const text = (await readNamedFile(spelled, path)).toString('latin1');
  if (!text.includes(PEM_CERTIFICATE)) throw new UsageError(`${spelled} ${quote(path)}: holds no PEM certificate`);
  return text;
}

/** OpenSSL wants the files hashed by `openssl rehash`; here every PEM file of the folder counts. */
async function readCertificateFolder(spelled: string, path: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = (await readdir(path)).sort();
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeFileError(error)}`);
  }
  const found = new Set<string>();
  for (const name of names) {
    const content = await readNamedFile(spelled, join(path, name)).catch(() => undefined);
    const text = content?.toString('latin1');
    if (text?.includes(`${PEM_CERTIFICATE} CERTIFICATE`)) found.add(text);
  }
  if (found.size === 0) throw new UsageError(`${spelled} ${quote(path)}: holds no PEM certificate`);
  return [...found];
}
