import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { TempFolder } from './temp-folder.ts';

const execute = promisify(execFile);

/** A certificate with its key, as files. */
export interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Certificates of every kind that a test needs. All names are those of a made-up company. */
export interface Certificates {
  readonly caFile: string;
  /** Another authority, which signed none of these. */
  readonly otherCaFile: string;
  /** For localhost and 127.0.0.1. */
  readonly server: Identity;
  /** For broker.example.com alone. */
  readonly wrongName: Identity;
  readonly expired: Identity;
  readonly notYetValid: Identity;
  /** Common name `device-1`. */
  readonly client: Identity;
  /** Signed by the other authority. */
  readonly strangeClient: Identity;
}

const LOCALHOST = 'DNS:localhost,IP:127.0.0.1,IP:::1';

/** Makes the certificates in a folder, with the openssl command. */
export async function makeCertificates(folder: TempFolder): Promise<Certificates> {
  const ca = await makeAuthority(folder, 'ca', 'Example Test CA');
  const other = await makeAuthority(folder, 'other-ca', 'Other Test CA');
  // One after the other: `openssl ca` keeps a serial number in a file.
  const server = await issue(folder, ca, 'server', { commonName: 'localhost', names: LOCALHOST });
  const wrongName = await issue(folder, ca, 'wrong-name', {
    commonName: 'broker.example.com',
    names: 'DNS:broker.example.com',
  });
  const expired = await issue(folder, ca, 'expired', {
    commonName: 'localhost',
    names: LOCALHOST,
    from: '20200101000000Z',
    to: '20210101000000Z',
  });
  const notYetValid = await issue(folder, ca, 'not-yet-valid', {
    commonName: 'localhost',
    names: LOCALHOST,
    from: '20990101000000Z',
    to: '20991231000000Z',
  });
  const client = await issue(folder, ca, 'client', { commonName: 'device-1', names: 'DNS:device-1' });
  const strangeClient = await issue(folder, other, 'strange-client', { commonName: 'device-2', names: 'DNS:device-2' });
  return {
    caFile: ca.certFile,
    otherCaFile: other.certFile,
    server,
    wrongName,
    expired,
    notYetValid,
    client,
    strangeClient,
  };
}

/** The key of an identity once more, encrypted: its file. */
export async function encryptKey(folder: TempFolder, identity: Identity, passphrase: string): Promise<string> {
  const keyFile = `${identity.keyFile}.encrypted`;
  const passphraseFile = folder.file('passphrase-of-key');
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const words = ['pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', identity.keyFile, '-out', keyFile];
  await execute('openssl', [...words, '-passout', `file:${passphraseFile}`]);
  return keyFile;
}

/** An identity as a PKCS#12 file. */
export async function makePkcs12(folder: TempFolder, identity: Identity, passphrase: string): Promise<string> {
  const file = `${identity.certFile}.p12`;
  const passphraseFile = folder.file('passphrase-of-pkcs12');
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const words = ['pkcs12', '-export', '-in', identity.certFile, '-inkey', identity.keyFile, '-out', file];
  await execute('openssl', [...words, '-passout', `file:${passphraseFile}`]);
  return file;
}

/** The PEM texts of an identity. */
export function readIdentity(identity: Identity): { readonly cert: string; readonly key: string } {
  return { cert: readFileSync(identity.certFile, 'utf8'), key: readFileSync(identity.keyFile, 'utf8') };
}

interface Authority extends Identity {
  readonly configFile: string;
}

async function makeAuthority(folder: TempFolder, name: string, commonName: string): Promise<Authority> {
  const identity = identityIn(folder, name);
  const configFile = folder.file(`${name}.cnf`);
  writeFileSync(folder.file(`${name}.index`), '');
  writeFileSync(folder.file(`${name}.serial`), '01\n');
  writeFileSync(
    configFile,
    [
      '[ca]',
      'default_ca = authority',
      '[authority]',
      `new_certs_dir = ${folder.path}`,
      `database = ${folder.file(`${name}.index`)}`,
      `serial = ${folder.file(`${name}.serial`)}`,
      'default_md = sha256',
      'unique_subject = no',
      'policy = policy',
      '[policy]',
      'commonName = supplied',
    ].join('\n'),
  );
  const words = ['-x509', '-days', '3650', '-subj', `/CN=${commonName}`, '-out', identity.certFile];
  await requestWithNewKey(identity, [...words, '-addext', 'keyUsage=critical,keyCertSign,cRLSign']);
  return { ...identity, configFile };
}

interface Request {
  readonly commonName: string;
  readonly names: string;
  /** As `YYYYMMDDHHMMSSZ`. */
  readonly from?: string;
  readonly to?: string;
}

async function issue(folder: TempFolder, ca: Authority, name: string, request: Request): Promise<Identity> {
  const identity = identityIn(folder, name);
  const requestFile = folder.file(`${name}.csr`);
  await requestWithNewKey(identity, ['-subj', `/CN=${request.commonName}`, '-out', requestFile]);
  const extensionFile = folder.file(`${name}.ext`);
  writeFileSync(extensionFile, `subjectAltName=${request.names}\nbasicConstraints=CA:FALSE\n`);
  const dates = request.from && request.to ? ['-startdate', request.from, '-enddate', request.to] : ['-days', '365'];
  const words = ['ca', '-batch', '-notext', '-config', ca.configFile, '-cert', ca.certFile, '-keyfile', ca.keyFile];
  await execute('openssl', [
    ...words,
    ...dates,
    '-extfile',
    extensionFile,
    '-in',
    requestFile,
    '-out',
    identity.certFile,
  ]);
  return identity;
}

async function requestWithNewKey(identity: Identity, words: readonly string[]): Promise<void> {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', identity.keyFile];
  await execute('openssl', ['req', ...newKey, ...words]);
}

function identityIn(folder: TempFolder, name: string): Identity {
  return { certFile: folder.file(`${name}.crt`), keyFile: folder.file(`${name}.key`) };
}
