import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedBroker, type EmbeddedBrokerOptions, startEmbeddedBroker } from '../../src/broker/embedded.ts';
import { type Certificates, makeCertificates, readIdentity } from '../support/certificates.ts';
import { findCommand } from '../support/needs.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

async function startBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker(options);
  onTestFinished(() => broker.close());
  return broker;
}

async function connect(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...options }, false);
  onTestFinished(() => void client.end(true));
  return client;
}

/** Publishes to itself and back: true when the message came. */
async function echoes(client: MqttClient): Promise<boolean> {
  const arrival = new Promise<string>((resolve) => {
    client.once('message', (_topic, payload) => resolve(payload.toString()));
  });
  await client.subscribeAsync('echo', { qos: 1 });
  await client.publishAsync('echo', 'here', { qos: 1 });
  return (await arrival) === 'here';
}

describe('the embedded broker', () => {
  it.each([3, 4] as const)('speaks protocol level %d', async (protocolVersion) => {
    const broker = await startBroker();
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    const client = await connect(broker.url, {
      protocolVersion,
      ...(protocolVersion === 3 && { protocolId: 'MQIsdp' }),
    });
    expect(await echoes(client)).toBe(true);
  });

  it('answers MQTT 5 with return code 1 and closes', async () => {
    const broker = await startBroker();
    const socket = connectTcp(broker.port, broker.host);
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(Buffer.from('101100044d5154540502003c000004746573740a', 'hex').subarray(0, 19));
    await closed;
    expect(Buffer.concat(answer).toString('hex')).toBe('20020001');
  });

  it('speaks through WebSocket', async () => {
    const broker = await startBroker({ webSocket: true });
    expect(broker.url).toBe(`ws://127.0.0.1:${broker.port}/mqtt`);
    expect(await echoes(await connect(broker.url))).toBe(true);
  });

  it('lets in whom `authenticate` lets in', async () => {
    const broker = await startBroker({ authenticate: (user, password) => `${user}:${password}` === 'ann:secret' });
    expect(await echoes(await connect(broker.url, { username: 'ann', password: 'secret' }))).toBe(true);
    await expect(connect(broker.url, { username: 'ann', password: 'wrong' })).rejects.toMatchObject({ code: 5 });
  });

  it('denies the subscriptions that `authorizeSubscribe` denies', async () => {
    const broker = await startBroker({ authorizeSubscribe: (filter) => filter !== 'secret/#' });
    const client = await connect(broker.url);
    const granted = await client.subscribeAsync({ 'open/#': { qos: 1 } });
    expect(granted).toMatchObject([{ topic: 'open/#', qos: 1 }]);
    await expect(client.subscribeAsync('secret/#')).rejects.toThrow('Unspecified error');
  });

  it('ends the connection of a PUBLISH that `authorizePublish` denies', async () => {
    const broker = await startBroker({ authorizePublish: (topic) => topic === 'open' });
    const client = await connect(broker.url);
    await client.publishAsync('open', 'x', { qos: 1 });
    const closed = new Promise<void>((resolve) => client.once('close', resolve));
    client.publish('secret', 'x', { qos: 1 });
    await closed;
  });

  it('says why it cannot listen', async () => {
    const { port } = await startBroker();
    await expect(startEmbeddedBroker({ port })).rejects.toThrow(
      `the embedded broker cannot start: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    );
  });

  it('closes with connections open, before CONNECT and after, and a second time', async () => {
    const broker = await startEmbeddedBroker({});
    const client = await connect(broker.url);
    const silent = connectTcp(broker.port, broker.host);
    await new Promise((resolve) => silent.once('connect', resolve));
    const gone = [
      new Promise<void>((resolve) => client.once('close', resolve)),
      new Promise<void>((resolve) => void silent.once('close', () => resolve()).on('error', () => undefined)),
    ];
    await broker.close();
    await Promise.all(gone);
    await broker.close();
  });
});

describe.runIf(findCommand('openssl'))('the embedded broker with TLS', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let ca: Buffer;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    ca = readFileSync(certificates.caFile);
  });
  afterAll(() => folder.remove());

  it.each([
    [false, /^mqtts:\/\/127\.0\.0\.1:\d+$/],
    [true, /^wss:\/\/127\.0\.0\.1:\d+\/mqtt$/],
  ])('speaks through it, WebSocket: %s', async (webSocket, url) => {
    const broker = await startBroker({ tls: readIdentity(certificates.server), webSocket });
    expect(broker.url).toMatch(url);
    expect(await echoes(await connect(broker.url, { ca }))).toBe(true);
  });

  it('asks for a client certificate when told whose', async () => {
    const tls = { ...readIdentity(certificates.server), clientCa: ca.toString() };
    const broker = await startBroker({ tls });
    expect(await echoes(await connect(broker.url, { ca, ...readIdentity(certificates.client) }))).toBe(true);
    await expect(connect(broker.url, { ca })).rejects.toThrow();
  });

  it('survives a client that speaks no TLS', async () => {
    const broker = await startBroker({ tls: readIdentity(certificates.server) });
    const socket = connectTcp(broker.port, broker.host, () => socket.end('plain text\r\n'));
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await echoes(await connect(broker.url, { ca }))).toBe(true);
  });
});
