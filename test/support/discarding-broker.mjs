// A broker that acknowledges everything and keeps nothing, as fast as can be: what limits a publisher to it is the
// publisher. Started by `node discarding-broker.mjs`, it listens at a free port of 127.0.0.1 and prints the number.
import { createServer } from 'node:net';

const PUBLISH = 3;
/** What is answered, by packet type, where that is the same each time: CONNACK of each version, and PINGRESP. */
const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0]);
const CONNACK_4 = Buffer.from([0x20, 2, 0, 0]);
const PINGRESP = Buffer.from([0xd0, 0]);

/** Answers one connection. */
function serve(socket) {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const answers = Buffer.allocUnsafe(bytes.length + 16);
    let filled = 0;
    let at = 0;
    for (;;) {
      let length = 0;
      let factor = 1;
      let body = at + 1;
      for (; body < bytes.length && body < at + 5; body += 1) {
        length += (bytes[body] & 0x7f) * factor;
        factor *= 128;
        if (bytes[body] < 0x80) break;
      }
      body += 1;
      const end = body + length;
      if (body > bytes.length || end > bytes.length) break;
      const type = bytes[at] >> 4;
      const qos = (bytes[at] >> 1) & 3;
      if (type === PUBLISH) {
        if (qos > 0) {
          const id = body + 2 + ((bytes[body] << 8) | bytes[body + 1]);
          answers[filled] = qos === 1 ? 0x40 : 0x50;
          answers[filled + 1] = 2;
          answers[filled + 2] = bytes[id];
          answers[filled + 3] = bytes[id + 1];
          filled += 4;
        }
      } else if (type === 6) {
        answers[filled] = 0x70;
        answers[filled + 1] = 2;
        answers[filled + 2] = bytes[body];
        answers[filled + 3] = bytes[body + 1];
        filled += 4;
      } else if (type === 1) {
        const protocolLength = (bytes[body] << 8) | bytes[body + 1];
        filled += (bytes[body + 2 + protocolLength] === 5 ? CONNACK_5 : CONNACK_4).copy(answers, filled);
      } else if (type === 12) {
        filled += PINGRESP.copy(answers, filled);
      } else if (type === 8) {
        // One filter is granted QoS 0: enough for who asks for $SYS. MQTT 5 has a length of properties here.
        answers.set([0x90, 4, bytes[body], bytes[body + 1], 0, 0], filled);
        filled += 6;
      } else if (type === 14) {
        socket.end();
      }
      at = end;
    }
    rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    if (filled > 0) socket.write(answers.subarray(0, filled));
  });
}

const server = createServer({ highWaterMark: 1_048_576 }, serve).listen(0, '127.0.0.1', () => {
  console.log(server.address().port);
});
