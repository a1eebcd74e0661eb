/** mosquitto_rr: what it asks, and what it prints of the answers. `r/{id}` is asked, `a/{id}` answered. */
import type { RequestCase } from '../case.ts';
import type { SeenPacket } from '../normalise.ts';

const ASK = ['-t', 'r/{id}', '-e', 'a/{id}'];
const ANSWER = { payload: 'pong' };

function ask(words: readonly string[], more: Partial<RequestCase> = {}): RequestCase {
  return { words: [...ASK, ...words], answers: [ANSWER], ...more };
}

const FLAGS = { retain: false, qos: 0, dup: false } as const;

/** What a request over MQTT 5 looks like; DISCONNECT is left out of the comparison. */
function sent(payload: string, subscription: object = {}): readonly SeenPacket[] {
  const options = { qos: 0, nl: false, rap: false, rh: 0, ...subscription };
  return [
    { cmd: 'connect', ...FLAGS, protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 60, clientId: '' },
    { cmd: 'subscribe', ...FLAGS, qos: 1, subscriptions: [{ topic: 'a/{id}', ...options }] },
    { cmd: 'publish', ...FLAGS, topic: 'r/{id}', payload, properties: { responseTopic: 'a/{id}' } },
  ];
}

const EMPTY = {
  reason: 'mosquitto_rr 2.0 sends an empty message for a file and for standard input',
  from: '2.0',
} as const;
const IGNORED = { reason: 'mosquitto_rr 2.0 takes this option and does nothing with it', from: '2.0' } as const;

export const REQUEST_CASES: readonly RequestCase[] = [
  ...['31', '311', '5'].flatMap((version) =>
    ['0', '1', '2'].map((qos) => ask(['-m', 'ping', '-V', version, '-q', qos])),
  ),
  ask(['-m', 'ping']),
  ask(['-n']),
  ask(['-m', '']),
  ask(['-s'], { stdin: 'all of\nthe input', sent: sent('all of\nthe input'), differs: EMPTY }),
  ask(['-f', '{file}'], { file: Buffer.from([0, 1, 2, 255]), sent: sent('\0\u0001\u0002\xff'), differs: EMPTY }),
  ask(['-m', 'ping', '-v']),
  ask(['-m', 'ping', '-N']),
  ask(['-m', 'ping', '-F', '%t|%l|%q|%r|%p|%x']),
  ask(['-m', 'ping', '-F', '%C %P'], {
    answers: [{ ...ANSWER, properties: { contentType: 'text/plain', userProperties: { a: 'b' } } }],
  }),
  ask(['-m', 'ping'], { answers: [{ payload: Buffer.from([0xff, 0, 0x0a]) }], title: 'an answer of bytes' }),
  ask(['-m', 'ping'], { answers: [{ payload: '' }], title: 'an empty answer' }),
  ask(['-m', 'ping', '-v'], { answers: [{ payload: '' }], title: 'an empty answer with -v' }),
  ask(['-m', 'ping', '-q', '1'], { answers: [{ payload: 'at QoS 1', qos: 1 }] }),
  ask(['-m', 'ping', '-V', '5'], { answers: [{ ...ANSWER, echoesCorrelation: true }], title: 'with Correlation Data' }),
  ask(['-m', 'ping', '-D', 'publish', 'correlation-data', 'mine'], {
    answers: [{ ...ANSWER, echoesCorrelation: true }],
  }),
  ask(['-m', 'ping', '-D', 'publish', 'user-property', 'a', 'b', '-D', 'publish', 'content-type', 'x']),
  ask(['-m', 'ping', '-D', 'subscribe', 'user-property', 'a', 'b', '-D', 'connect', 'user-property', 'c', 'd']),
  ask(['-m', 'ping', '-i', '{id}', '-k', '10', '-u', 'user', '-P', 'secret']),
  ask(['-m', 'ping', '--will-topic', 'w/rr', '--will-payload', 'gone', '-V', '311']),
  ask(['-m', 'ping', '-W', '30']),
  ask(['-m', 'ping', '-W', '1'], { answers: [], exitCode: 27 }),
  ask(['-m', 'ping', '-R'], {
    retained: { payload: 'kept' },
    stdout: 'pong\n',
    sent: sent('ping', { rh: 2 }),
    differs: IGNORED,
  }),
  ask(['-m', 'ping', '--retain-as-published'], { sent: sent('ping', { rap: true }), differs: IGNORED }),
  ask(['-m', 'ping', '-t', 'r/{id}', '--quiet', '--nodelay']),
  ask(['-m', 'ping'], {
    retained: { payload: 'kept' },
    wire: false,
    stdout: 'pong\n',
    differs: {
      reason: 'to mosquitto_rr a retained message is an answer; ours takes none that is older than the request',
    },
  }),
  ask(['-m', 'ping', '-V', '5'], {
    answers: [{ payload: 'not mine', properties: { correlationData: Buffer.from('another') } }, ANSWER],
    title: 'an answer to somebody else',
    stdout: 'pong\n',
    differs: { reason: 'mosquitto_rr takes the first message for its answer, whatever its Correlation Data' },
  }),
];
