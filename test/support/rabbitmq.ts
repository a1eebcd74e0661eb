import { existsSync, writeFileSync } from 'node:fs';
import { type Child, startChild } from './child.ts';
import { findFreePorts } from './free-port.ts';
import { findCommand } from './needs.ts';
import { makeTempFolder } from './temp-folder.ts';

/** A RabbitMQ of its own with its MQTT plug-in; nothing of it is outside its folder. */
export interface RabbitMq {
  /** Of MQTT on 127.0.0.1. */
  readonly port: number;
  remove(): Promise<void>;
}

/** Starting Erlang and RabbitMQ takes some seconds, on a busy machine many. */
const START_MS = 90_000;

/**
 * RabbitMQ's own script, where it can be found; RABBITMQ_HOME names another place. Debian's command of that name goes to
 * the user `rabbitmq` and its folders, which is not wanted here.
 */
export function findRabbitMq(): string | undefined {
  const { RABBITMQ_HOME = '/usr/lib/rabbitmq' } = process.env;
  const script = `${RABBITMQ_HOME}/bin/rabbitmq-server`;
  return existsSync(script) && findCommand('epmd') !== undefined ? script : undefined;
}

/** Starts it, with Erlang's port mapper of its own. The caller removes it. */
export async function startRabbitMq(): Promise<RabbitMq> {
  const folder = makeTempFolder();
  const [port, amqpPort, distributionPort, mapperPort] = await findFreePorts(4);
  writeFileSync(folder.file('plugins'), '[rabbitmq_mqtt].\n');
  writeFileSync(
    folder.file('rabbitmq.conf'),
    [`listeners.tcp.default = 127.0.0.1:${amqpPort}`, `mqtt.listeners.tcp.default = 127.0.0.1:${port}`, ''].join('\n'),
  );
  const env = {
    // Erlang keeps its cookie there.
    HOME: folder.path,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapperPort),
    RABBITMQ_NODENAME: `test-${process.pid}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: folder.file('mnesia'),
    RABBITMQ_LOG_BASE: folder.file('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: folder.file('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: folder.file('advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: folder.file('plugins'),
    RABBITMQ_CONF_ENV_FILE: folder.file('none'),
  };
  const started: Child[] = [];
  const remove = async (): Promise<void> => {
    const [mapper, server] = started;
    if (server !== undefined) {
      server.kill('SIGTERM');
      await server.exit().catch(() => server.end());
    }
    await mapper?.end();
    folder.remove();
  };
  try {
    started.push(startChild(findCommand('epmd') ?? '', [], { env }));
    const server = startChild(findRabbitMq() ?? '', [], { env, cwd: folder.path });
    started.push(server);
    await server.stdout.waitFor(/completed with \d+ plugins/, START_MS);
  } catch (error) {
    await remove();
    throw error;
  }
  return { port: port as number, remove };
}
