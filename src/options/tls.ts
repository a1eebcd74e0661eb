/** The options of TLS. `--cafile`, `--capath`, `--psk` and the OS store turn it on. */
import { flag, hidden, type OptionSpec, single, ValueError } from './spec.ts';
import { parseNonEmpty, parseText } from './values.ts';

export const caFileOption = single({
  long: 'cafile',
  group: 'TLS',
  summary: 'file of PEM certificates to trust; turns TLS on',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const caPathOption = single({
  long: 'capath',
  group: 'TLS',
  summary: 'folder of PEM certificates to trust; turns TLS on',
  value: 'FOLDER',
  parse: parseNonEmpty,
});

export const certOption = single({
  long: 'cert',
  group: 'TLS',
  summary: 'file of the client certificate, PEM; with --key',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const keyOption = single({
  long: 'key',
  group: 'TLS',
  summary: 'file of the private key, PEM; with --cert',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const insecureOption = flag({
  long: 'insecure',
  group: 'TLS',
  summary: 'accept any certificate: neither the chain nor the host name is checked',
});

export const keyFormOption = single({
  long: 'keyform',
  group: 'TLS',
  summary: 'form of the private key: pem',
  value: 'FORM',
  parse: (text) => {
    if (text === 'engine')
      throw new ValueError('OpenSSL engines are not available in Node', 'Give the key as a PEM file.');
    if (text !== 'pem') throw new ValueError('must be pem');
    return text;
  },
});

export const pfxOption = single({
  long: 'pfx',
  group: 'TLS',
  summary: 'PKCS#12 file with client certificate and key, instead of --cert and --key',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const passphraseFileOption = single({
  long: 'passphrase-file',
  group: 'TLS',
  summary: 'file whose first line is the passphrase of --key or --pfx',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const serverNameOption = single({
  long: 'servername',
  group: 'TLS',
  summary: 'name to ask for (SNI) and to check in the certificate, instead of the host',
  value: 'NAME',
  parse: parseNonEmpty,
});

export const pinOption = single({
  long: 'pin',
  group: 'TLS',
  summary: "SHA-256 of the broker's certificate or public key, as sha256:HEX; checked beside the rest",
  value: 'PIN',
  parse: (text) => {
    const hex = /^sha256:([0-9a-f:]+)$/i.exec(text)?.[1]?.replaceAll(':', '').toLowerCase();
    if (hex?.length !== 64) throw new ValueError('must be sha256: and 64 hexadecimal digits');
    return hex;
  },
});

export const tlsVersionOption = single({
  long: 'tls-version',
  group: 'TLS',
  summary: 'tlsv1.2 is 1.2 or newer, tlsv1.3 is 1.3 alone',
  value: 'VERSION',
  defaultText: 'tlsv1.2',
  parse: (text): 'TLSv1.2' | 'TLSv1.3' => {
    if (text === 'tlsv1.2') return 'TLSv1.2';
    if (text === 'tlsv1.3') return 'TLSv1.3';
    throw new ValueError('must be tlsv1.2 or tlsv1.3');
  },
});

export const ciphersOption = single({
  long: 'ciphers',
  group: 'TLS',
  summary: 'cipher suites, as OpenSSL lists them',
  value: 'LIST',
  parse: parseNonEmpty,
});

export const alpnOption = single({
  long: 'tls-alpn',
  group: 'TLS',
  summary: 'protocol to ask for by ALPN',
  value: 'PROTOCOL',
  parse: (text) => {
    if (text === '' || Buffer.byteLength(text) > 254) throw new ValueError('must be 1 to 254 bytes long');
    return text;
  },
});

export const osCertsOption = flag({
  long: 'tls-use-os-certs',
  group: 'TLS',
  summary: 'trust the certificates of the operating system; turns TLS on',
});

export const osCaOption = flag({ long: 'tls-ca-os', group: 'TLS', summary: 'the same as --tls-use-os-certs' });

export const noTlsOption = flag({
  long: 'no-tls',
  group: 'TLS',
  summary: 'no TLS, whatever an options file or the port says',
});

export const keyLogOption = single({
  long: 'tls-keylog',
  group: 'TLS',
  summary: 'append the session keys to this file, for a protocol analyser; who reads it can decrypt the connection',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const pskOption = single({
  long: 'psk',
  group: 'TLS',
  summary: 'pre-shared key in hexadecimal; turns TLS on, up to version 1.2; with --psk-identity',
  value: 'HEX',
  parse: (text) => {
    if (!/^[0-9a-f]+$/i.test(text)) throw new ValueError('must be hexadecimal digits, without 0x');
    // mosquitto reads an odd number of digits as one with a zero in front.
    return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex');
  },
  redact: hidden,
});

export const pskIdentityOption = single({
  long: 'psk-identity',
  group: 'TLS',
  summary: 'identity of the pre-shared key',
  value: 'NAME',
  parse: parseText,
});

const refuseEngine = (): never => {
  throw new ValueError('OpenSSL engines are not available in Node', 'Give the key as a PEM file with --key.');
};

export const engineOption = single({
  long: 'tls-engine',
  group: 'TLS',
  summary: 'refused: OpenSSL engines are not available in Node',
  value: 'ENGINE',
  parse: refuseEngine,
});

export const engineKeyPassOption = single({
  long: 'tls-engine-kpass-sha1',
  group: 'TLS',
  summary: 'refused: OpenSSL engines are not available in Node',
  value: 'HEX',
  parse: refuseEngine,
  redact: hidden,
});

export const tlsOptions: readonly OptionSpec[] = [
  caFileOption,
  caPathOption,
  osCertsOption,
  osCaOption,
  certOption,
  keyOption,
  keyFormOption,
  pfxOption,
  passphraseFileOption,
  serverNameOption,
  pinOption,
  tlsVersionOption,
  ciphersOption,
  alpnOption,
  pskOption,
  pskIdentityOption,
  insecureOption,
  noTlsOption,
  keyLogOption,
  engineOption,
  engineKeyPassOption,
];
