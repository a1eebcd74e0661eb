import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificates, Identity } from './certificates.ts';
import { type Child, startChild } from './child.ts';
import { findFreePorts } from './free-port.ts';
import { findCommand } from './needs.ts';
import { makeTempFolder } from './temp-folder.ts';
import type { Transcript } from './transcript.ts';

const execute = promisify(execFile);

/** A further listener, beside the plain one. */
export interface Listener {
  readonly tls?: Identity;
  /** Clients must show a certificate that this authority signed. */
  readonly clientCaFile?: string;
  readonly webSocket?: boolean;
  /** TLS with the pre-shared keys of the broker. */
  readonly psk?: boolean;
  /** A Unix socket at this path instead of a port. */
  readonly unix?: string;
  /** Lines of the configuration for this listener alone. */
  readonly settings?: readonly string[];
}

export interface MosquittoOptions {
  /** Lines of the configuration, such as `max_queued_messages 0`. */
  readonly settings?: readonly string[];
  /** Users and their passwords; without it everyone is let in. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of an access control file, which withholds messages and refuses PUBLISH. */
  readonly acl?: readonly string[];
  /** Configuration of the dynamic-security plug-in, which denies SUBSCRIBE as well. */
  readonly dynamicSecurity?: object;
  /** Pre-shared keys, in hexadecimal, by identity. */
  readonly psk?: Readonly<Record<string, string>>;
  readonly listeners?: Readonly<Record<string, Listener>>;
  /** No packet is logged: millions of lines are more than a string can hold, and hold up the broker. */
  readonly isQuiet?: boolean;
}

/** A mosquitto of its own, with its configuration in a folder of its own. */
export interface Mosquitto {
  /** Of the plain listener on 127.0.0.1. */
  readonly port: number;
  /** Of the further listeners, by the name they were given. */
  readonly ports: Readonly<Record<string, number>>;
  /** Of its process, as long as it runs. */
  readonly pid: number;
  /** Its log of this start; every packet is in it, unless it is quiet. */
  readonly log: Transcript;
  readonly isQuiet: boolean;
  stop(): Promise<void>;
  /** With persistence: writes sessions and messages to its file. Once for each start. */
  save(): Promise<void>;
  /** Ends it as a crash would: no DISCONNECT, connections reset. */
  crash(): Promise<void>;
  /** Starts it again at the same ports after `stop` or `crash`. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** Starts Debian's mosquitto at free ports. The caller removes it. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  // A port that was free may be taken before mosquitto has it.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startOnce(options: MosquittoOptions): Promise<Mosquitto> {
  const folder = makeTempFolder();
  const names = Object.keys(options.listeners ?? {});
  const [port = 0, ...others] = await findFreePorts(1 + names.length);
  const ports = Object.fromEntries(names.map((name, index) => [name, others[index] as number]));
  const configuration = folder.file('mosquitto.conf');
  const passwordFile = folder.file('passwords');
  const aclFile = folder.file('acl');
  const pskFile = folder.file('psk');
  const dynamicSecurityFile = folder.file('dynamic-security.json');
  const { users, acl, dynamicSecurity } = options;
  if (users) {
    writeFileSync(passwordFile, '', { mode: 0o600 });
    for (const [name, password] of Object.entries(users)) {
      await execute(findCommand('mosquitto_passwd') ?? '', ['-b', passwordFile, name, password]);
    }
  }
  if (options.psk) writeFileSync(pskFile, formatKeys(options.psk), { mode: 0o600 });
  if (acl) writeFileSync(aclFile, `${acl.join('\n')}\n`, { mode: 0o600 });
  if (dynamicSecurity) writeFileSync(dynamicSecurityFile, JSON.stringify(dynamicSecurity), { mode: 0o600 });
  const lines = [
    // It would otherwise become the user `mosquitto`, who may not read the folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    'log_dest stderr',
    ...(options.isQuiet ? ['error', 'warning', 'notice', 'information', 'subscribe'] : ['all']).map(
      (type) => `log_type ${type}`,
    ),
    'log_timestamp false',
    `allow_anonymous ${users ? 'false' : 'true'}`,
    ...(users ? [`password_file ${passwordFile}`] : []),
    ...(acl ? [`acl_file ${aclFile}`] : []),
    ...(dynamicSecurity ? [`plugin ${findDynamicSecurity()}`, `plugin_opt_config_file ${dynamicSecurityFile}`] : []),
    ...(options.psk ? [`psk_file ${pskFile}`] : []),
    ...(options.settings ?? []),
    `listener ${port} 127.0.0.1`,
    ...names.flatMap((name) => formatListener(ports[name] as number, options.listeners?.[name] as Listener)),
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  let broker = await launch(configuration).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    broker.kill(signal);
    // A signal between the line "running" and the loop that follows is forgotten.
    const again = setInterval(() => broker.kill(signal), 500);
    await broker.exit().finally(() => clearInterval(again));
  };
  const isRunning = (): boolean => broker.process.exitCode === null && broker.process.signalCode === null;
  return {
    port,
    ports,
    isQuiet: options.isQuiet === true,
    get pid() {
      return broker.pid;
    },
    get log() {
      return broker.stderr;
    },
    stop: () => end('SIGTERM'),
    async save() {
      broker.kill('SIGUSR1');
      await broker.stderr.waitFor(/^Saving in-memory database to /m);
    },
    crash: () => end('SIGKILL'),
    async start() {
      broker = await launch(configuration);
    },
    async remove() {
      if (isRunning()) await end('SIGTERM');
      folder.remove();
    },
  };
}

async function launch(configuration: string): Promise<Child> {
  const broker = startChild(findCommand('mosquitto') ?? 'mosquitto', ['-c', configuration]);
  try {
    await broker.stderr.waitFor(/^mosquitto version .* running$/m);
  } catch (error) {
    await broker.end();
    throw error;
  }
  return broker;
}

function formatListener(port: number, listener: Listener): string[] {
  const { tls, clientCaFile, webSocket, psk, unix, settings = [] } = listener;
  return [
    unix === undefined ? `listener ${port} 127.0.0.1` : `listener 0 ${unix}`,
    ...(webSocket ? ['protocol websockets'] : []),
    ...(tls ? [`certfile ${tls.certFile}`, `keyfile ${tls.keyFile}`] : []),
    ...(clientCaFile ? [`cafile ${clientCaFile}`, 'require_certificate true'] : []),
    ...(psk ? ['psk_hint test'] : []),
    ...settings,
  ];
}

function formatKeys(keys: Readonly<Record<string, string>>): string {
  return Object.entries(keys)
    .map(([identity, key]) => `${identity}:${key}\n`)
    .join('');
}

/** The plug-in's path depends on the architecture. */
export function findDynamicSecurity(): string | undefined {
  const plugIn = 'mosquitto_dynamic_security.so';
  for (const folder of ['/usr/lib', '/usr/local/lib'].filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder, { withFileTypes: true })) {
      if (name.name === plugIn) return join(folder, plugIn);
      if (name.isDirectory() && name.name.includes('linux')) {
        if (readdirSync(join(folder, name.name)).includes(plugIn)) return join(folder, name.name, plugIn);
      }
    }
  }
  return undefined;
}

/** The listeners that the tests of TLS and WebSocket share. */
export function secureListeners(certificates: Certificates): Readonly<Record<string, Listener>> {
  return {
    tls: { tls: certificates.server },
    mutual: { tls: certificates.server, clientCaFile: certificates.caFile },
    wrongName: { tls: certificates.wrongName },
    expired: { tls: certificates.expired },
    notYetValid: { tls: certificates.notYetValid },
    ws: { webSocket: true },
    wss: { webSocket: true, tls: certificates.server },
  };
}
