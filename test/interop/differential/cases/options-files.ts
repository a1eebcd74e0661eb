/** Default options files: `mosquitto_pub` in the configuration folder, and `mqtt-toolkit/mqtt-pub` for ours. */
import type { PubCase, SubCase } from '../case.ts';
import type { SeenPacket } from '../normalise.ts';

function refused(words: readonly string[], optionsFile: string): PubCase {
  return { words, optionsFile, exitCode: 2, sent: [], differs: { reason: 'mosquitto exits with 1' } };
}

const CONNECT = {
  cmd: 'connect',
  retain: false,
  qos: 0,
  dup: false,
  protocolId: 'MQTT',
  clean: true,
  keepalive: 60,
  clientId: '',
} as const;
const PUBLISH = { cmd: 'publish', retain: false, qos: 0, dup: false, topic: 'p/1' } as const;
const DISCONNECT = { cmd: 'disconnect', retain: false, qos: 0, dup: false } as const;

/** What a message over MQTT 3.1.1 looks like. */
function sent(payload: string): readonly SeenPacket[] {
  return [{ ...CONNECT, protocolVersion: 4 }, { ...PUBLISH, payload }, DISCONNECT];
}

export const PUB_FILE_CASES: readonly PubCase[] = [
  { words: ['-m', 'x'], optionsFile: '-t p/1\n' },
  { words: ['-m', 'x'], optionsFile: '-t p/1' },
  { words: [], optionsFile: '-t p/1\n-m two words\n-q 1\n-r\n' },
  { words: [], optionsFile: '--topic p/1\n--message long\n--qos 2\n' },
  { words: ['-m', 'x'], optionsFile: '# a comment\n\n-t p/1\n#-q 1\n' },
  { words: ['-m', 'x'], optionsFile: '-t p/1\r\n-q 1\r\n' },
  { words: ['-t', 'p/1'], optionsFile: '-m "quoted words"\n' },
  { words: ['-t', 'p/1'], optionsFile: "-m 'single'\n" },
  { words: ['-t', 'p/1'], optionsFile: '-m trailing blanks  \n' },
  { words: ['-t', 'p/1'], optionsFile: '   -m indented\n' },
  { words: ['-t', 'p/1'], optionsFile: '-m # no comment\n' },
  { words: ['-t', 'p/1'], optionsFile: '-m -x\n' },
  { words: ['-t', 'p/1'], optionsFile: '-m $HOME `x` \\n\n' },
  { words: ['-t', 'p/1'], optionsFile: '-m grün\n' },
  { words: ['-t', 'p/2', '-m', 'x', '-q', '2'], optionsFile: '-t p/1\n-q 1\n' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '-h nowhere.invalid\n-p 1\n' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '-u user\n-P pass word\n-I prefix-\n-k 30\n' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '--will-topic w\n--will-payload gone for good\n--will-retain\n' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '-V mqttv5\n-x 30\n', ownVersion: true },
  { words: ['-t', 'p/1', '-l'], optionsFile: '-q 1\n', stdin: 'one\ntwo\n' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '-q 1\n', atHome: true, title: 'in .config of the home folder' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '' },
  { words: ['-t', 'p/1', '-m', 'x'], optionsFile: '\n\n#\n' },
  // Refused by both.
  refused(['-t', 'p/1'], '-m x\n-m y\n'),
  refused(['-t', 'p/1', '-n'], '-m y\n'),
  refused(['-t', 'p/1', '-m', 'x'], '--frobnicate\n'),
  refused(['-t', 'p/1', '-m', 'x'], '-q\n'),
  refused(['-t', 'p/1', '-m', 'x'], '-q 7\n'),
  refused(['-t', 'p/1', '-m', 'x'], 'word\n'),
];

export const SUB_FILE_CASES: readonly SubCase[] = [
  { words: ['-C', '1'], optionsFile: '-t d/#\n-v\n', messages: [{ topic: 'd/1', payload: 'x' }], wire: true },
  {
    words: ['-t', 'd/1'],
    optionsFile: '-t d/2\n-v\n',
    messages: [
      { topic: 'd/1', payload: 'x' },
      { topic: 'd/2', payload: 'y' },
    ],
    wire: true,
  },
  { words: ['-t', 'd/#'], optionsFile: '-F %t is  %p \n', messages: [{ topic: 'd/1', payload: 'x' }] },
  { words: ['-t', 'd/#', '-F', '%p'], optionsFile: '-F %t\n-N\n', messages: [{ topic: 'd/1', payload: 'x' }] },
  {
    words: ['-t', 'd/#', '-C', '2'],
    optionsFile: '-C 1\n',
    messages: [
      { topic: 'd/1', payload: 'x' },
      { topic: 'd/1', payload: 'y' },
    ],
  },
  {
    words: ['-t', 'd/#', '-T', 'd/1', '-C', '1'],
    optionsFile: '-T d/2\n',
    messages: ['d/1', 'd/2', 'd/3'].map((topic) => ({ topic, payload: topic })),
  },
];

/** What ours takes and mosquitto does not. */
export const OWN_FILE_CASES: readonly PubCase[] = [
  {
    words: ['-t', 'p/1', '-m', 'x'],
    optionsFile: '-D publish content-type text/plain; charset=utf-8\n',
    ownVersion: true,
    exitCode: 0,
    sent: [
      { ...CONNECT, protocolVersion: 5 },
      { ...PUBLISH, payload: 'x', properties: { contentType: 'text/plain; charset=utf-8' } },
      { ...DISCONNECT, reasonCode: 0 },
    ],
    differs: { reason: 'mosquitto refuses options of several words in a file' },
  },
  {
    words: ['-t', 'p/1'],
    optionsFile: `-m ${'x'.repeat(2000)}\n`,
    title: 'a line of 2000 bytes',
    exitCode: 0,
    sent: sent(`(2000 bytes, sum ${2000 * 120})`),
    differs: { reason: 'mosquitto cuts lines at 1023 bytes and takes the rest for another line' },
  },
  {
    words: ['-t', 'p/1', '-m', 'x'],
    optionsFile: '-v\n',
    exitCode: 0,
    sent: sent('x'),
    differs: { reason: 'a file may serve all our commands: what belongs to another one is passed over' },
  },
  {
    words: ['-t', 'p/1', '-m', 'x'],
    optionsFile: '-m y\n',
    exitCode: 0,
    sent: sent('x'),
    differs: { reason: 'what was typed overrules what a file says; to mosquitto that is two messages' },
  },
  {
    words: ['-t', 'p/1'],
    optionsFile: '-m \t tabbed\tvalue\n',
    sent: sent('tabbed\tvalue'),
    differs: { reason: 'mosquitto ends the option at blanks only: a tab after them belongs to the value' },
  },
];
