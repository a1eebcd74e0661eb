import { readFile } from 'node:fs/promises';

/** Where Linux distributions, the BSDs and macOS keep the certificates that they trust as one file. */
const PLACES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/etc/ssl/cert.pem',
];

/** The certificates that the operating system trusts, in PEM; undefined where they are in no place that is known here. */
export async function readSystemStore(): Promise<string | undefined> {
  for (const path of PLACES) {
    const content = await readFile(path, 'latin1').catch(() => undefined);
    if (content !== undefined) return content;
  }
  return undefined;
}
