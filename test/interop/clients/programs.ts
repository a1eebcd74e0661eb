/**
 * The clients of other projects that are tried: a small program each, in `programs/`, with one common command:
 *
 *     PROGRAM publish|subscribe|count|will PORT CLIENT_ID LEVEL QOS TOPIC COUNT RETAIN
 *
 * `publish` sends stdin COUNT times and ends once all is acknowledged. `subscribe` prints COUNT messages, a line each: QoS,
 * RETAIN as 0 or 1, the payload in hexadecimal, the Topic Name. `count` receives COUNT messages and prints how many. `will`
 * connects with stdin as its Will Message, and waits to be killed. LEVEL is 3, 4 or 5: MQTT 3.1, 3.1.1 or 5.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../support/child.ts';
import { findCommand } from '../../support/needs.ts';
import type { TempFolder } from '../../support/temp-folder.ts';
import { debianVersion, npmVersion } from '../record.ts';

/** Protocol Level of CONNECT. */
export type Level = 3 | 4 | 5;

export interface Program {
  /** As the table names it. */
  readonly name: string;
  readonly levels: readonly Level[];
  /** Speaks MQTT over WebSocket alone. */
  readonly webSocket?: boolean;
  /** Its library does not tell a subscriber QoS and RETAIN of a message: `?` stands for them. */
  readonly hidesFlags?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What is not installed, as the title of a skipped test names it. */
  missing(): readonly string[];
  /** Of the library; undefined where it cannot be told. */
  version(): string | undefined;
  /** Compiles it, where it must be; the words that start it. */
  build(folder: TempFolder): Promise<readonly string[]>;
}

const source = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

const INCLUDE_FOLDERS = ['/usr/include', '/usr/local/include'];
const SHARE_FOLDERS = ['/usr/share', '/usr/local/share'];

function missingOf(commands: readonly string[], files: Readonly<Record<string, readonly string[]>> = {}): string[] {
  return [
    ...commands.filter((name) => findCommand(name) === undefined),
    ...Object.entries(files).flatMap(([file, folders]) => (findFile(file, folders) === undefined ? [file] : [])),
  ];
}

function findFile(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function compile(command: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { exitCode, stderr } = await startChild(findCommand(command) ?? command, words, { env }).exit(120_000);
  if (exitCode !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
}

/** The Python that Debian installs packages for; a Python of the developer's own may stand before it. */
export function findPython(): string | undefined {
  const pythons = ['/usr/bin/python3', findCommand('python3') ?? ''].filter((path) => existsSync(path));
  return pythons.find((python) => {
    try {
      execFileSync(python, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

export const mosquittoClients: Program = {
  name: "mosquitto's clients",
  levels: [3, 4, 5],
  missing: () => missingOf(['mosquitto_pub', 'mosquitto_sub']),
  version: () => debianVersion('mosquitto-clients'),
  build: async () => ['bash', source('mosquitto-clients.sh')],
};

export const pahoC: Program = {
  name: 'Paho C',
  levels: [3, 4, 5],
  missing: () => missingOf(['gcc'], { 'MQTTClient.h': INCLUDE_FOLDERS }),
  version: () => debianVersion('libpaho-mqtt-dev'),
  async build(folder) {
    await compile('gcc', ['-Wall', '-Werror', '-o', folder.file('paho-c'), source('paho-c.c'), '-lpaho-mqtt3c']);
    return [folder.file('paho-c')];
  },
};

export const pahoCpp: Program = {
  name: 'Paho C++',
  levels: [3, 4, 5],
  missing: () => missingOf(['g++'], { 'mqtt/async_client.h': INCLUDE_FOLDERS, 'MQTTAsync.h': INCLUDE_FOLDERS }),
  version: () => debianVersion('libpaho-mqttpp-dev'),
  async build(folder) {
    const libraries = ['-lpaho-mqttpp3', '-lpaho-mqtt3as'];
    await compile('g++', ['-Wall', '-Werror', '-o', folder.file('paho-cpp'), source('paho-cpp.cpp'), ...libraries]);
    return [folder.file('paho-cpp')];
  },
};

export const pahoPython: Program = {
  name: 'Paho Python',
  levels: [3, 4, 5],
  missing: () => (findPython() === undefined ? ['paho-mqtt for Python'] : []),
  version: () => debianVersion('python3-paho-mqtt'),
  build: async () => [findPython() ?? 'python3', source('paho-python.py')],
};

const GO_PACKAGE = 'gocode/src/github.com/eclipse/paho.mqtt.golang';

export const pahoGo: Program = {
  name: 'Paho Go',
  levels: [3, 4],
  missing: () => missingOf(['go'], { [GO_PACKAGE]: SHARE_FOLDERS }),
  version: () => debianVersion('golang-github-eclipse-paho.mqtt.golang-dev'),
  async build(folder) {
    const packages = (findFile(GO_PACKAGE, SHARE_FOLDERS) ?? '').slice(
      0,
      -'/src/github.com/eclipse/paho.mqtt.golang'.length,
    );
    // Without modules, as Debian's packages are meant to be used: nothing is looked up anywhere.
    const env = { GO111MODULE: 'off', GOPATH: packages, GOCACHE: folder.file('go-cache'), GOFLAGS: '' };
    await compile('go', ['build', '-o', folder.file('paho-go'), source('paho-go.go')], env);
    return [folder.file('paho-go')];
  },
};

export const pahoJavaScript: Program = {
  name: 'Paho JavaScript (WebSocket)',
  levels: [3, 4],
  webSocket: true,
  missing: () => [],
  version: () => npmVersion('paho-mqtt'),
  build: async () => [process.execPath, source('paho-javascript.mjs')],
};

export const mqttJs: Program = {
  name: 'MQTT.js',
  levels: [3, 4, 5],
  missing: () => [],
  version: () => npmVersion('mqtt'),
  build: async () => [process.execPath, source('mqttjs.mjs')],
};

export const mqttJsWebSocket: Program = {
  ...mqttJs,
  name: 'MQTT.js (WebSocket)',
  webSocket: true,
  env: { MQTT_SCHEME: 'ws' },
};

const JARS = ['java/mqtt-client.jar', 'java/hawtbuf.jar', 'java/hawtdispatch.jar', 'java/hawtdispatch-transport.jar'];

export const fuseSource: Program = {
  name: 'FuseSource mqtt-client (Java)',
  levels: [3, 4],
  hidesFlags: true,
  missing: () => missingOf(['java', 'ecj'], Object.fromEntries(JARS.map((jar) => [jar, SHARE_FOLDERS]))),
  version: () => debianVersion('libmqtt-client-java'),
  async build(folder) {
    const classPath = [...JARS.map((jar) => findFile(jar, SHARE_FOLDERS)), folder.path].join(':');
    await compile('ecj', ['-17', '-proc:none', '-cp', classPath, '-d', folder.path, source('FuseSource.java')]);
    return [findCommand('java') ?? 'java', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', classPath, 'FuseSource'];
  },
};
