/** RabbitMQ 3.10 speaks MQTT 3.1.1, and answers MQTT 5 by closing the connection. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRabbitMq, type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { runCli, startCli } from '../support/run-cli.ts';
import { runSpawnedCli } from '../support/spawn-cli.ts';

const suite = findRabbitMq() === undefined ? describe.skip : describe;

suite(findRabbitMq() === undefined ? 'RabbitMQ (skipped: rabbitmq-server not installed)' : 'RabbitMQ', () => {
  let broker: RabbitMq | undefined;
  let at: string[];

  beforeAll(async () => {
    broker = await startRabbitMq();
    at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  }, 120_000);
  afterAll(() => broker?.remove());

  it.each(['0', '1', '2'])('a message goes through it, QoS %s', async (qos) => {
    const subscriber = startCli('mqtt-sub', [...at, '-t', `q/${qos}`, '-q', qos, '-C', '1', '-v', '-d'], {
      real: true,
    });
    await subscriber.stderr.transcript.waitFor('received SUBACK');
    const published = await runCli('mqtt-pub', [...at, '-t', `q/${qos}`, '-m', 'grün', '-q', qos], { real: true });
    expect(published).toEqual({ exitCode: 0, stdout: Buffer.alloc(0), stderr: '' });
    const { exitCode, stdout } = await subscriber.result;
    expect({ exitCode, text: stdout.toString() }).toEqual({ exitCode: 0, text: `q/${qos} grün\n` });
  });

  it('is told apart from one that speaks MQTT 5, once', async () => {
    const { exitCode, stderr } = await runCli('mqtt-pub', [...at, '-t', 'a', '-m', 'x', '-q', '1', '-d'], {
      real: true,
    });
    const connects = stderr.match(/sending CONNECT \(MQTT [\d.]+/g);
    expect({ exitCode, connects }).toEqual({
      exitCode: 0,
      connects: ['sending CONNECT (MQTT 5', 'sending CONNECT (MQTT 3.1.1'],
    });
  });

  it('-V 5 insists', async () => {
    const { exitCode, stderr } = await runCli('mqtt-pub', [...at, '-t', 'a', '-m', 'x', '-V', '5'], { real: true });
    expect(stderr).toContain(`mqtt-pub: 127.0.0.1:${broker?.port} closed the connection before CONNACK\n`);
    expect(exitCode).toBe(3);
  });

  it('a wrong password', async () => {
    const words = [...at, '-t', 'a', '-m', 'x', '-u', 'nobody', '-P', 'wrong'];
    expect(await runCli('mqtt-pub', words, { real: true })).toMatchObject({
      exitCode: 5,
      stderr:
        'mqtt-pub: the broker refused the login: Bad user name or password (0x04)\n' +
        '  User nobody was sent, with a password of 5 characters from -P.\n',
    });
  });

  it('10,000 lines of the built command arrive in order', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join('');
    const subscriber = startCli('mqtt-sub', [...at, '-t', 'lines', '-q', '1', '-C', '10000', '-d'], { real: true });
    await subscriber.stderr.transcript.waitFor('received SUBACK');
    const published = await runSpawnedCli('mqtt-pub', [...at, '-t', 'lines', '-l', '-q', '1'], { input: lines });
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await subscriber.result).stdout.toString() === lines).toBe(true);
  });
});
