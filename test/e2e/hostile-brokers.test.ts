/** Brokers that send what no broker may, at any moment, to each command: an error in words, and nothing else. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptConnect, acceptSubscribe, startLiar } from '../support/liar.ts';
import { describeWith } from '../support/needs.ts';
import type { Peer } from '../support/peer.ts';
import { runCli } from '../support/run-cli.ts';
import { shellCommand, startOnTerminal } from '../support/terminal.ts';

/** Acts on a terminal, reorders text, ends lines. */
const NASTY = '\u001b[31m\u001b]0;title\u0007\u202etxt\u2066\u0000\u009b2J\r\nmqtt-pub: sent';

/** Packets by what is wrong with them, in hexadecimal. */
const PACKETS: Readonly<Record<string, string>> = {
  'a packet type of 0': '0000',
  'a length of five bytes': '30ffffffffff',
  'PUBLISH with QoS 3': '36050001610001',
  'PUBLISH whose topic is longer than it': '3003ffff61',
  'PUBLISH of QoS 1 without Packet Identifier': '3203000161',
  'PUBLISH without a Topic Name': '3003000000',
  'PUBLISH with a Topic Alias that was never set': '3006 0000 03 230007',
  'PUBLISH with a property that does not exist': '3008 000161 04 7f 0000 00',
  'PUBLISH that is cut off': '30ff7f0001',
  'PUBLISH of 256 MB that never comes': '30ffffff7f00016100',
  'PUBLISH of QoS 0 with DUP': '3805 000161 00 78',
  'PUBLISH to a Topic Filter': '3007 0003612f23 00 78',
  'PUBREL without Packet Identifier': '6200',
  'PUBACK without Packet Identifier': '4000',
  'PUBACK of one byte': '400101',
  'PUBACK of Packet Identifier 0': '40020000',
  'PUBACK with flags that are reserved': '41020001',
  'SUBACK without codes': '9003000100',
  'SUBACK with more codes than filters': '9005 0001 00 0000',
  'a second CONNACK': '2003000000',
  'CONNECT, which is for clients': '100d00044d51545405 02003c000000',
  'SUBSCRIBE, which is for clients': '82070001000001 6100',
  'PINGREQ, which is for clients': 'c000',
  'AUTH that nobody asked for': 'f00218 00',
  'flags that are reserved': '60020001',
  'DISCONNECT with a code that does not exist': 'e002 ee00',
  'DISCONNECT with a Reason String of escapes': `e0${hexLength(4 + Buffer.byteLength(NASTY) + 1)}80${hexLength(3 + Buffer.byteLength(NASTY))}1f${hex16(Buffer.byteLength(NASTY))}${Buffer.from(NASTY).toString('hex')}`,
};

function hexLength(bytes: number): string {
  return bytes.toString(16).padStart(2, '0');
}

function hex16(bytes: number): string {
  return bytes.toString(16).padStart(4, '0');
}

const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['mqtt-pub', ['-t', 'a', '-m', 'x', '-q', '1']],
  ['mqtt-pub', ['-t', 'a', '-l', '-q', '2', '--retry', '0']],
  ['mqtt-sub', ['-t', 'a', '-q', '2', '--retry', '0']],
  ['mqtt-rr', ['-t', 'a', '-e', 'b', '-m', 'x', '-q', '1']],
  ['mqtt-bench', ['-n', '5', '-q', '1']],
  ['mqtt-bench', ['pub', '-n', '5', '-q', '2']],
];

/** When it is sent; the broker closes after it. */
const MOMENTS: Readonly<Record<string, (peer: Peer) => Promise<unknown>>> = {
  'instead of CONNACK': (peer) => peer.receive('connect'),
  'after CONNACK': (peer) => acceptConnect(peer),
  'instead of an answer': (peer) =>
    acceptConnect(peer).then(() => Promise.race([peer.receive('publish'), peer.receive('subscribe')])),
  'after SUBACK or PUBLISH': (peer) =>
    acceptConnect(peer).then(() => Promise.race([peer.receive('publish'), acceptSubscribe(peer)])),
};

describe.each(COMMANDS)('%s %j', (name, words) => {
  it.each(Object.keys(MOMENTS))('is told %s', async (moment) => {
    for (const [what, hex] of Object.entries(PACKETS)) {
      const liar = await startLiar(async (peer) => {
        await MOMENTS[moment]?.(peer);
        peer.send(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
        peer.end();
      });
      const argv = [...words, '-h', '127.0.0.1', '-p', String(liar.port), '--connect-timeout', '5s'];
      const { exitCode, stdout, stderr } = await runCli(name, argv, { real: true, stdin: 'line\n' });
      await liar.close().catch(() => undefined);
      const told = `${what}: ${exitCode} ${stderr}`;
      expect([3, 6, 7], told).toContain(exitCode);
      expect(stderr.split('\n').filter((line) => line.startsWith(`${name}:`)).length, told).toBeGreaterThan(0);
      // No byte that acts on a terminal, no line that the broker made up, no stack.
      expect(stderr.replaceAll('\n', ''), told).toMatch(/^[^\p{Cc}\p{Bidi_Control}]*$/u);
      for (const line of stderr.split('\n').slice(0, -1))
        expect(line, told).toMatch(new RegExp(`^(${name}: | {2}\\S)`));
      expect(stderr, told).not.toMatch(/^\s+at |internal error/m);
      // A report of nothing is all that a benchmark may print.
      if (name !== 'mqtt-bench') expect(stdout.toString(), told).toBe('');
    }
  });
});

describe('packets above the Maximum Packet Size that we stated [MQTT-3.1.2-24]', () => {
  it('end the connection', async () => {
    const liar = await startLiar(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      for (const length of [10, 1000]) {
        peer.send({ cmd: 'publish', topic: 'a', payload: 'x'.repeat(length), qos: 0, dup: false, retain: false });
      }
    });
    onTestFinished(() => liar.close());
    const words = ['-t', 'a', '--retry', '0', '-D', 'connect', 'maximum-packet-size', '100'];
    const result = await runCli('mqtt-sub', [...words, '-h', '127.0.0.1', '-p', String(liar.port)], { real: true });
    expect(result).toEqual({
      exitCode: 7,
      stdout: Buffer.from('xxxxxxxxxx\n'),
      stderr:
        'mqtt-sub: the connection was lost (exceeding packets size publish: 1007 bytes, maximumPacketSize is 100)\n',
    });
  });
});

describe('a Server Reference that is none', () => {
  it.each(['$(reboot)', 'a; reboot', NASTY, '-h x\n  mqtt-pub: sent'])('is not told to be typed: %j', async (text) => {
    const liar = await startLiar((peer) =>
      acceptConnect(peer, { reasonCode: 0x9c, properties: { serverReference: text } }),
    );
    onTestFinished(() => liar.close());
    const argv = ['-t', 'a', '-m', 'x', '-h', '127.0.0.1', '-p', String(liar.port)];
    const { exitCode, stderr } = await runCli('mqtt-pub', argv, { real: true });
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(/^mqtt-pub: the broker says to use another server: .*\n {2}It names ".*"\n$/);
    expect(stderr.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\p{Bidi_Control}]*$/u);
  });
});

describeWith(['script'], 'On a terminal', () => {
  const PAYLOADS: readonly Buffer[] = [
    Buffer.from(NASTY),
    Buffer.from('\u001b[6n\u001b[c\u001bP+q544e\u001b\\'),
    Buffer.from('a\u0000b'),
    Buffer.from([0xff, 0xfe, 0x1b, 0x5b, 0x33, 0x31, 0x6d]),
    Buffer.from('{"a":"\u001b[2J\u202e\u009b"}'),
    Buffer.from([0x9b, 0x32, 0x4a]),
    Buffer.from('\u200e\u200f\u061c\u2028\u2029\ufeff'),
  ];

  it.each<[string, string[]]>([
    ['as text', ['-v']],
    ['as text without newlines', ['-v', '-N']],
    ['as JSON', ['--json']],
    ['as JSON with JSON in place', ['--parse-json']],
    ['by a format', ['-F', '%t %p %x %j %J %C %R %P']],
    ['by a format over several lines', ['--pretty', '-F', '%j']],
  ])('nothing of a message acts, %s', async (_how, words) => {
    const liar = await startLiar(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      for (const payload of PAYLOADS) {
        const properties = { contentType: NASTY, responseTopic: NASTY, userProperties: { [NASTY]: NASTY } };
        peer.send({ cmd: 'publish', topic: NASTY, payload, qos: 0, dup: false, retain: false, properties });
      }
    });
    onTestFinished(() => liar.close());
    const argv = ['-t', '#', '-h', '127.0.0.1', '-p', String(liar.port), '-C', String(PAYLOADS.length), ...words];
    const terminal = startOnTerminal(shellCommand('mqtt-sub', argv));
    const { exitCode, stdout } = await terminal.exit();
    expect(exitCode).toBe(0);
    // The terminal itself puts CR before LF.
    expect(stdout.toString().replaceAll('\r\n', '\n')).toMatch(
      /^([^\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]|[\n\t])*$/u,
    );
  });
});
