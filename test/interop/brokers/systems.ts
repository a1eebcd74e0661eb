/** The brokers of other projects that are tried, and how each is started. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedBroker } from '../../../src/broker/embedded.ts';
import { startChild } from '../../support/child.ts';
import { findFreePorts } from '../../support/free-port.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { findCommand } from '../../support/needs.ts';
import { findRabbitMq, startRabbitMq } from '../../support/rabbitmq.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { debianVersion, npmVersion } from '../record.ts';

/** One that runs. */
export interface RunningBroker {
  /** Of MQTT on 127.0.0.1. */
  readonly port: number;
  remove(): Promise<void>;
}

export interface BrokerSystem {
  /** As the table names it. */
  readonly name: string;
  /** What every command is given beside host and port. */
  readonly login?: readonly string[];
  /** What is not installed, as the title of a skipped test names it. */
  missing(): readonly string[];
  version(): string | undefined;
  /** As it is after its installation, but for ports and folders. The caller removes it. */
  start(): Promise<RunningBroker>;
}

/** Starting Erlang or Java takes some seconds, on a busy machine many. */
const START_MS = 90_000;

const missingCommands = (...names: string[]): string[] => names.filter((name) => findCommand(name) === undefined);

export const mosquitto: BrokerSystem = {
  name: 'mosquitto',
  missing: () => missingCommands('mosquitto'),
  version: () => debianVersion('mosquitto'),
  start: () => startMosquitto(),
};

export const rabbitMq: BrokerSystem = {
  name: 'RabbitMQ',
  missing: () => (findRabbitMq() === undefined ? ['rabbitmq-server'] : []),
  version: () => debianVersion('rabbitmq-server'),
  start: startRabbitMq,
};

/** Where Debian has ejabberd's Erlang modules; the folder depends on the architecture. */
function findEjabberd(): string | undefined {
  if (!existsSync('/usr/lib')) return undefined;
  return readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name))
    .find((folder) => isFolderWith(folder, /^ejabberd-\d/));
}

function isFolderWith(folder: string, pattern: RegExp): boolean {
  try {
    return readdirSync(folder).some((name) => pattern.test(name));
  } catch {
    return false;
  }
}

/** With its own command it would become the user `ejabberd`, with the system's folders. */
async function startEjabberd(): Promise<RunningBroker> {
  const folder = makeTempFolder();
  const [port = 0] = await findFreePorts(1);
  const configuration = {
    hosts: ['localhost'],
    loglevel: 'info',
    auth_method: ['anonymous'],
    anonymous_protocol: 'login_anon',
    allow_multiple_connections: true,
    listen: [{ port, ip: '127.0.0.1', module: 'mod_mqtt' }],
    modules: { mod_mqtt: {} },
  };
  // YAML takes JSON.
  writeFileSync(folder.file('ejabberd.yml'), JSON.stringify(configuration));
  const server = startChild(
    findCommand('erl') ?? 'erl',
    ['-noinput', '-noshell', '-mnesia', 'dir', `"${folder.file('mnesia')}"`, '-s', 'ejabberd'],
    {
      cwd: folder.path,
      env: {
        HOME: folder.path,
        ERL_LIBS: findEjabberd() ?? '',
        EJABBERD_CONFIG_PATH: folder.file('ejabberd.yml'),
        EJABBERD_LOG_PATH: folder.file('ejabberd.log'),
      },
    },
  );
  const remove = async (): Promise<void> => {
    await server.end();
    folder.remove();
  };
  try {
    await server.stdout.waitFor(/Start accepting TCP connections at .* for mod_mqtt/, START_MS);
  } catch (error) {
    await remove();
    throw error;
  }
  return { port, remove };
}

export const ejabberd: BrokerSystem = {
  name: 'ejabberd',
  // Whoever has no account must at least have a name.
  login: ['-u', 'anyone', '-P', 'any'],
  missing: () => [...missingCommands('erl'), ...(findEjabberd() === undefined ? ['ejabberd'] : [])],
  version: () => debianVersion('ejabberd'),
  start: startEjabberd,
};

const ACTIVEMQ = '/usr/share/activemq';
/** Debian's ActiveMQ lacks them, without a word: it takes connections of MQTT and answers none. */
const MQTT_JARS = ['mqtt-client.jar', 'hawtdispatch.jar', 'hawtdispatch-transport.jar'];
const JAVA_FOLDER = '/usr/share/java';

async function startActiveMq(): Promise<RunningBroker> {
  const folder = makeTempFolder();
  const [port = 0] = await findFreePorts(1);
  mkdirSync(folder.file('jars'));
  for (const jar of MQTT_JARS) symlinkSync(join(JAVA_FOLDER, jar), folder.file(`jars/${jar}`));
  writeFileSync(
    folder.file('log4j.properties'),
    'log4j.rootLogger=INFO,out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\nlog4j.appender.out.layout=org.apache.log4j.SimpleLayout\n',
  );
  const broker = `broker:(mqtt://127.0.0.1:${port})?persistent=false&useJmx=false&useShutdownHook=false`;
  const server = startChild(
    findCommand('java') ?? 'java',
    [
      `-Dactivemq.home=${ACTIVEMQ}`,
      `-Dactivemq.base=${folder.path}`,
      `-Dactivemq.data=${folder.path}`,
      `-Dlog4j.configuration=file:${folder.file('log4j.properties')}`,
      ...['-jar', `${ACTIVEMQ}/bin/activemq.jar`, 'start', '--extdir', folder.file('jars'), broker],
    ],
    { cwd: folder.path, env: { HOME: folder.path } },
  );
  const remove = async (): Promise<void> => {
    await server.end();
    folder.remove();
  };
  try {
    await server.stdout.waitFor(/Connector mqtt\S* started/, START_MS);
  } catch (error) {
    await remove();
    throw error;
  }
  return { port, remove };
}

export const activeMq: BrokerSystem = {
  name: 'ActiveMQ',
  missing: () => [
    ...missingCommands('java'),
    ...[`${ACTIVEMQ}/bin/activemq.jar`, ...MQTT_JARS.map((jar) => join(JAVA_FOLDER, jar))].filter(
      (path) => !existsSync(path),
    ),
  ],
  version: () => debianVersion('activemq'),
  start: startActiveMq,
};

export const embedded: BrokerSystem = {
  name: 'aedes (--broker embedded)',
  missing: () => [],
  version: () => npmVersion('aedes'),
  async start() {
    const { port, close } = await startEmbeddedBroker({});
    return { port, remove: close };
  },
};
