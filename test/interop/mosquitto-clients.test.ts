/** Our commands against Debian's mosquitto clients, both ways, through Debian's mosquitto. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { mosquittoPub, startMosquittoSub, VERSIONS, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { runCli, startCli } from '../support/run-cli.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'mosquitto_sub'], "Debian's mosquitto clients", () => {
  let broker: Mosquitto;
  let at: string[];

  beforeAll(async () => {
    broker = await startMosquitto();
    at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  });
  afterAll(() => broker.remove());

  const everyWay = ['auto', ...VERSIONS].flatMap((version) => ['0', '1', '2'].map((qos) => ({ version, qos })));

  it.each(everyWay)('mosquitto_sub receives from mqtt-pub -V $version -q $qos', async ({ version, qos }) => {
    const topic = `pub/${version}/${qos}`;
    const theirs = await startMosquittoSub(broker, topic, '-t', topic, '-q', '2', '-C', '1', '-F', '%t %q %r %p');
    const ours = await runCli('mqtt-pub', [...at, '-t', topic, '-m', 'grün', '-q', qos, '-V', version], { real: true });
    expect(ours).toEqual({ exitCode: 0, stdout: Buffer.alloc(0), stderr: '' });
    expect(await theirs.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from(`${topic} ${qos} 0 grün\n`) });
  });

  it.each(everyWay)('mqtt-sub -V $version -q $qos receives from mosquitto_pub', async ({ version, qos }) => {
    const topic = `sub/${version}/${qos}`;
    const words = [...at, '-t', `${topic}/#`, '-i', topic, '-q', qos, '-V', version, '-C', '1', '-v'];
    const ours = startCli('mqtt-sub', words, { real: true });
    await waitForSubscription(broker, topic);
    await mosquittoPub(broker, '-t', `${topic}/a`, '-m', 'grün', '-q', '2');
    expect(await ours.result).toEqual({ exitCode: 0, stdout: Buffer.from(`${topic}/a grün\n`), stderr: '' });
  });

  it('mqtt-sub --json shows what mosquitto_pub says with MQTT 5', async () => {
    const ours = startCli('mqtt-sub', [...at, '-t', 'json', '-i', 'json', '-q', '1', '-C', '1', '--json'], {
      real: true,
    });
    await waitForSubscription(broker, 'json');
    const properties = [
      ...['-D', 'publish', 'content-type', 'text/plain'],
      ...['-D', 'publish', 'payload-format-indicator', '1'],
      ...['-D', 'publish', 'message-expiry-interval', '3600'],
      ...['-D', 'publish', 'response-topic', 'answers'],
      ...['-D', 'publish', 'correlation-data', 'abc'],
      ...['-D', 'publish', 'user-property', 'b', '1'],
      ...['-D', 'publish', 'user-property', 'a', '2'],
      ...['-D', 'publish', 'user-property', 'b', '3'],
    ];
    await mosquittoPub(broker, '-V', '5', '-t', 'json', '-m', '21.5', '-q', '1', ...properties);
    const { exitCode, stdout } = await ours.result;
    const { time, ...message } = JSON.parse(stdout.toString());
    expect(exitCode).toBe(0);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(message).toEqual({
      v: 1,
      topic: 'json',
      qos: 1,
      retain: false,
      dup: false,
      size: 4,
      encoding: 'utf8',
      payload: '21.5',
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 3600,
        contentType: 'text/plain',
        responseTopic: 'answers',
        correlationData: Buffer.from('abc').toString('base64'),
        userProperties: [
          ['b', '1'],
          ['b', '3'],
          ['a', '2'],
        ],
      },
    });
  });

  it('a retained message reaches mosquitto_sub as retained, and -n -r deletes it', async () => {
    expect((await runCli('mqtt-pub', [...at, '-t', 'kept', '-m', 'on', '-r'], { real: true })).exitCode).toBe(0);
    const theirs = await startMosquittoSub(broker, 'kept-1', '-t', 'kept', '-C', '1', '-F', '%r %p');
    expect((await theirs.exit()).stdout.toString()).toBe('1 on\n');
    expect((await runCli('mqtt-pub', [...at, '-t', 'kept', '-n', '-r'], { real: true })).exitCode).toBe(0);
    const after = await startMosquittoSub(broker, 'kept-2', '-t', 'kept', '-t', 'end', '-C', '1', '-F', '%r %p');
    await mosquittoPub(broker, '-t', 'end', '-m', 'nothing was kept');
    expect((await after.exit()).stdout.toString()).toBe('0 nothing was kept\n');
  });

  it('mqtt-sub -R leaves out what was retained, -T what matches', async () => {
    await mosquittoPub(broker, '-t', 'out/old', '-m', 'old', '-r');
    const words = [...at, '-t', 'out/#', '-i', 'out', '-R', '-T', 'out/+/noise', '-C', '1', '-v'];
    const ours = startCli('mqtt-sub', words, { real: true });
    await waitForSubscription(broker, 'out');
    await mosquittoPub(broker, '-t', 'out/a/noise', '-m', 'noise');
    await mosquittoPub(broker, '-t', 'out/old', '-m', 'new', '-r');
    expect((await ours.result).stdout.toString()).toBe('out/old new\n');
  });

  it.each(['5', '311'])('a session is kept with -c while mqtt-sub -V %s is away', async (version) => {
    const topic = `away/${version}`;
    const words = [...at, '-t', topic, '-i', topic, '-c', '-q', '1', '-V', version];
    const first = startCli('mqtt-sub', words, { real: true });
    await waitForSubscription(broker, topic);
    first.stop('SIGTERM');
    expect((await first.result).exitCode).toBe(0);
    for (const message of ['one', 'two', 'three']) await mosquittoPub(broker, '-t', topic, '-m', message, '-q', '1');
    const second = await runCli('mqtt-sub', [...words, '-C', '3'], { real: true });
    expect(second).toEqual({ exitCode: 0, stdout: Buffer.from('one\ntwo\nthree\n'), stderr: '' });
  });

  it('beyond -C the broker keeps the messages of the session', async () => {
    const words = [...at, '-t', 'rest', '-i', 'rest', '-c', '-q', '1'];
    const first = startCli('mqtt-sub', [...words, '-C', '1'], { real: true });
    await waitForSubscription(broker, 'rest');
    for (const message of ['one', 'two', 'three']) await mosquittoPub(broker, '-t', 'rest', '-m', message, '-q', '1');
    expect((await first.result).stdout.toString()).toBe('one\n');
    const second = await runCli('mqtt-sub', [...words, '-C', '2'], { real: true });
    expect(second.stdout.toString()).toBe('two\nthree\n');
  });

  it('-L names broker and topic in one', async () => {
    const theirs = await startMosquittoSub(broker, 'url', '-t', 'some/topic', '-C', '1');
    const url = `mqtt://127.0.0.1:${broker.port}/some/topic`;
    expect((await runCli('mqtt-pub', ['-L', url, '-m', 'x', '-q', '1'], { real: true })).exitCode).toBe(0);
    expect((await theirs.exit()).stdout.toString()).toBe('x\n');
  });

  it('keep-alive, client identifier and session expiry reach the broker', async () => {
    const words = [...at, '-t', 'a', '-m', 'x', '-i', 'ident', '-k', '17', '-c', '-x', '30'];
    await runCli('mqtt-pub', words, { real: true });
    await broker.log.waitFor(/New client connected from 127\.0\.0\.1:\d+ as ident \(p5, c0, k17\)/);
    await runCli('mqtt-pub', [...at, '-t', 'a', '-m', 'x', '-I', 'pre-'], { real: true });
    await broker.log.waitFor(/as pre-4711 \(p5, c1, k60\)/);
  });
});
