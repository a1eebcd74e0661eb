// The common command of programs.ts over Paho for JavaScript, which speaks MQTT over WebSocket alone.
import { readFileSync } from 'node:fs';
import paho from 'paho-mqtt';
import { WebSocket } from 'ws';

// It is made for browsers.
globalThis.WebSocket = WebSocket;

const [verb, port, clientId, level, qos, topic, count, retain] = process.argv.slice(2);

const makeMessage = () => {
  const message = new paho.Message(readFileSync(0));
  Object.assign(message, { destinationName: topic, qos: Number(qos), retained: retain === '1' });
  return message;
};

const fail = ({ errorCode, errorMessage }) => {
  if (errorCode === 0) return;
  console.error(errorMessage);
  process.exit(1);
};

const open = (client, options) =>
  new Promise((onSuccess) => {
    client.onConnectionLost = fail;
    client.connect({ mqttVersion: Number(level), onSuccess, onFailure: fail, ...options });
  });

const publish = (client) =>
  new Promise((resolve) => {
    let delivered = 0;
    client.onMessageDelivered = () => {
      if (++delivered === Number(count)) resolve();
    };
    const message = makeMessage();
    for (let left = Number(count); left > 0; left--) client.send(message);
  });

const receive = (client) =>
  new Promise((resolve) => {
    let received = 0;
    client.onMessageArrived = (message) => {
      if (verb === 'subscribe') {
        const hex = Buffer.from(message.payloadBytes).toString('hex');
        console.log(`${message.qos} ${message.retained ? 1 : 0} ${hex} ${message.destinationName}`);
      }
      if (++received === Number(count)) resolve();
    };
    client.subscribe(topic, { qos: Number(qos), onFailure: fail });
  });

const client = new paho.Client('127.0.0.1', Number(port), '/mqtt', clientId);
await open(client, verb === 'will' ? { willMessage: makeMessage() } : {});
if (verb === 'publish') await publish(client);
else if (verb !== 'will') await receive(client);
if (verb === 'count') console.log(count);
if (verb !== 'will') client.disconnect();
