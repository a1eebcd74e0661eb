// A broker that sends as fast as it is read: what limits a subscriber to it is the subscriber. Who subscribes to
// `pour/COUNT/SIZE` gets COUNT messages with a payload of SIZE bytes, at the QoS asked for. Started by
// `node pouring-broker.mjs`, it listens at a free port of 127.0.0.1 and prints the number.
import { createServer } from 'node:net';

/** Messages that are made once and written together; at QoS 1 and 2 they have Packet Identifiers of their own. */
const RUN = 1000;
/** Runs under way at QoS 1 and 2: 20,000 messages. */
const RUNS_UNDER_WAY = 20;

const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0]);
const CONNACK_4 = Buffer.from([0x20, 2, 0, 0]);
const PINGRESP = Buffer.from([0xd0, 0]);

function lengthBytes(length) {
  const bytes = [];
  let rest = length;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** A whole PUBLISH. */
function makePublish({ topic, qos, size, version }, packetId) {
  const variable = Buffer.concat([
    Buffer.from([topic.length >> 8, topic.length & 0xff]),
    Buffer.from(topic),
    Buffer.from(qos > 0 ? [packetId >> 8, packetId & 0xff] : []),
    Buffer.from(version === 5 ? [0] : []),
  ]);
  const header = Buffer.from([0x30 | (qos << 1), ...lengthBytes(variable.length + size)]);
  return Buffer.concat([header, variable, Buffer.alloc(size, 'x')]);
}

/** Sends `count` messages over the socket; `onComplete` is to be called for each PUBACK and PUBCOMP. */
class Pour {
  #socket;
  #kind;
  #count;
  #runs = [];
  #sent = 0;
  #complete = 0;
  #isWaiting = false;

  constructor(socket, kind, count) {
    this.#socket = socket;
    this.#kind = kind;
    this.#count = count;
    const runs = kind.qos === 0 ? 1 : Math.min(RUNS_UNDER_WAY, Math.ceil(count / RUN));
    const run = Math.min(RUN, count);
    for (let index = 0; index < runs; index += 1) {
      const packets = Array.from({ length: run }, (_, at) => makePublish(kind, index * RUN + at + 1));
      this.#runs.push({ bytes: Buffer.concat(packets), packetBytes: packets[0].length });
    }
    this.send();
  }

  onComplete(messages) {
    this.#complete += messages;
    this.send();
  }

  send() {
    while (this.#sent < this.#count && !this.#isWaiting) {
      // A run is used again when all of the one before has come back.
      if (this.#kind.qos > 0 && this.#sent + RUN - this.#complete > RUN * RUNS_UNDER_WAY) return;
      const { bytes, packetBytes } = this.#runs[(this.#sent / RUN) % this.#runs.length];
      const messages = Math.min(RUN, this.#count - this.#sent);
      this.#sent += messages;
      if (this.#socket.write(bytes.subarray(0, messages * packetBytes))) continue;
      this.#isWaiting = true;
      this.#socket.once('drain', () => {
        this.#isWaiting = false;
        this.send();
      });
    }
  }
}

/** SUBSCRIBE, with one filter. */
function readSubscribe(bytes, body, version) {
  const filterAt = body + 2 + (version === 5 ? 1 + bytes[body + 2] : 0);
  const length = (bytes[filterAt] << 8) | bytes[filterAt + 1];
  const filter = bytes.toString('latin1', filterAt + 2, filterAt + 2 + length);
  const [, count = '0', size = '64'] = filter.split('/');
  return { filter, count: Number(count), size: Number(size), qos: bytes[filterAt + 2 + length] & 3 };
}

/** Answers one connection. */
function serve(socket) {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  let version = 4;
  let pour;
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    let complete = 0;
    const releases = [];
    let received = 0;
    const answers = Buffer.allocUnsafe(bytes.length + 16);
    for (;;) {
      // What clients send here has a length of one byte, but for a long CONNECT.
      const body = at + (bytes[at + 1] >= 0x80 ? 3 : 2);
      if (body > bytes.length) break;
      const length = body === at + 2 ? bytes[at + 1] : (bytes[at + 1] & 0x7f) + bytes[at + 2] * 128;
      const end = body + length;
      if (end > bytes.length) break;
      const type = bytes[at] >> 4;
      if (type === 4 || type === 7) complete += 1;
      else if (type === 5) {
        answers[received] = 0x62;
        answers[received + 1] = 2;
        answers[received + 2] = bytes[body];
        answers[received + 3] = bytes[body + 1];
        received += 4;
      } else if (type === 1) {
        version = bytes[body + 2 + ((bytes[body] << 8) | bytes[body + 1])];
        releases.push(version === 5 ? CONNACK_5 : CONNACK_4);
      } else if (type === 8) {
        const { filter, count, size, qos } = readSubscribe(bytes, body, version);
        const granted = version === 5 ? [0, qos] : [qos];
        socket.write(Buffer.from([0x90, 2 + granted.length, bytes[body], bytes[body + 1], ...granted]));
        pour = new Pour(socket, { topic: filter, qos, size, version }, count);
      } else if (type === 12) releases.push(PINGRESP);
      else if (type === 14) socket.end();
      at = end;
    }
    rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    if (received > 0) releases.push(answers.subarray(0, received));
    for (const answer of releases) socket.write(answer);
    if (complete > 0) pour?.onComplete(complete);
  });
}

const server = createServer({ highWaterMark: 1_048_576 }, serve).listen(0, '127.0.0.1', () => {
  console.log(server.address().port);
});
