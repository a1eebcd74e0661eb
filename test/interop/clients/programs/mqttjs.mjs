// The common command of programs.ts over MQTT.js. The scheme of its URL is in MQTT_SCHEME: `mqtt` or `ws`.
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';

const [verb, port, clientId, level, qos, topic, count, retain] = process.argv.slice(2);
const { MQTT_SCHEME: scheme = 'mqtt' } = process.env;
const settings = { qos: Number(qos), retain: retain === '1' };

const client = await mqtt.connectAsync(`${scheme}://127.0.0.1:${port}`, {
  clientId,
  protocolVersion: Number(level),
  protocolId: level === '3' ? 'MQIsdp' : 'MQTT',
  reconnectPeriod: 0,
  ...(verb === 'will' && { will: { topic, payload: readFileSync(0), ...settings } }),
});

const receive = () =>
  new Promise((resolve) => {
    let received = 0;
    client.on('message', (name, payload, packet) => {
      if (verb === 'subscribe') {
        console.log(`${packet.qos} ${packet.retain ? 1 : 0} ${payload.toString('hex')} ${name}`);
      }
      if (++received === Number(count)) resolve();
    });
    void client.subscribeAsync(topic, { qos: Number(qos) });
  });

if (verb === 'publish') {
  const payload = readFileSync(0);
  for (let left = Number(count); left > 0; left--) await client.publishAsync(topic, payload, settings);
} else if (verb !== 'will') {
  await receive();
  if (verb === 'count') console.log(count);
}
if (verb !== 'will') await client.endAsync();
