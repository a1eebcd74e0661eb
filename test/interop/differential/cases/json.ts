/** `%j` and `%J`: the JSON of the written table, and what cJSON makes of payloads. */
import type { Expectation, Message, SubCase } from '../case.ts';

const TOPIC = 'd/json';

function head(payload: string | Buffer, flags = '"qos":0,"retain":false', topic = JSON.stringify(TOPIC)): string {
  return `{"tst":"(exact time)","topic":${topic},${flags},"payloadlen":${Buffer.byteLength(payload)}`;
}

function one(
  words: readonly string[],
  message: Partial<Message>,
  stdout: string,
  more: Partial<SubCase> = {},
): SubCase {
  return { words: ['-t', 'd/#', ...words], messages: [{ topic: TOPIC, payload: '', ...message }], stdout, ...more };
}

/** `%j`: the payload is a string. */
function text(payload: string | Buffer, printed: string, differs?: Expectation['differs']): SubCase {
  const shown = JSON.stringify(payload.toString().slice(0, 30));
  const stdout = `${head(payload)},${printed}}\n`;
  return one(['-F', '%j'], { payload }, stdout, { title: `%j of ${shown}`, ...(differs && { differs }) });
}

const CUT = { reason: 'mosquitto cuts a payload at its first NUL' };
const BROKEN = { reason: 'mosquitto prints invalid UTF-8 as it is, which is no JSON; ours is base64, and says so' };

const TEXTS: readonly SubCase[] = [
  text('hello', '"payload":"hello"'),
  text('', '"payload":null'),
  text('(null)', '"payload":"(null)"'),
  text('null', '"payload":"null"'),
  text('21.5', '"payload":"21.5"'),
  text('{"a":1}', '"payload":"{\\"a\\":1}"'),
  text('say "hi" \\ and / go', '"payload":"say \\"hi\\" \\\\ and / go"'),
  text('line 1\nline 2\r\n\ttabbed\b\f', '"payload":"line 1\\nline 2\\r\\n\\ttabbed\\b\\f"'),
  text('\x01\x0b\x1b\x1f\x7f', '"payload":"\\u0001\\u000b\\u001b\\u001f\x7f"'),
  text('grün € \u{1f600}', '"payload":"grün € \u{1f600}"'),
  text('\u2028\u2029\ufeff\u0080', '"payload":"\u2028\u2029\ufeff\u0080"'),
  text("</script>&<>'", '"payload":"</script>&<>\'"'),
  text('a\0b', '"payload":"a\\u0000b"', CUT),
  text('\0', '"payload":"\\u0000"', CUT),
  text(Buffer.from([0xff, 0xfe, 0x41]), '"payload-encoding":"base64","payload":"//5B"', BROKEN),
  text(Buffer.from([0xed, 0xa0, 0x80]), '"payload-encoding":"base64","payload":"7aCA"', BROKEN),
  text(Buffer.from([0x80, 0x00]), '"payload-encoding":"base64","payload":"gAA="', BROKEN),
];

/** `%J`: the payload stands in place, as cJSON prints it again. */
function value(payload: string | Buffer, printed: string, differs?: Expectation['differs']): SubCase {
  const stdout = `${head(payload)},"payload":${printed}}\n`;
  const title = `%J of ${JSON.stringify(payload.toString().slice(0, 60))}`;
  return one(['-F', '%J'], { payload }, stdout, { title, ...(differs && { differs }) });
}

/** No JSON: an empty line, a word on standard error, and exit code 0. */
function noValue(payload: string | Buffer, differs?: Expectation['differs']): SubCase {
  const title = `%J of ${JSON.stringify(payload.toString().slice(0, 60))}`;
  return one(['-F', '%J'], { payload }, '\n', { title, ...(differs && { differs }) });
}

const LAST_BIT = { reason: 'to cJSON numbers that differ in the last bit are the same; ours keeps it' };
const STRICT = { reason: 'cJSON reads what is no JSON; ours does not pass it on as JSON' };

const VALUES: readonly SubCase[] = [
  value('27', '27'),
  value('27.0', '27'),
  value('-0', '-0'),
  value('1e5', '100000'),
  value('1E+2', '100'),
  value('1e-7', '1e-07'),
  value('0.1', '0.1'),
  value('21.55', '21.55'),
  value('3.141592653589793', '3.1415926535897931'),
  value('0.30000000000000004', '0.30000000000000004', LAST_BIT),
  value('1.0000000000000002', '1.0000000000000002', LAST_BIT),
  value('2147483647', '2147483647'),
  value('2147483648', '2147483648'),
  value('-2147483649', '-2147483649'),
  value('12345678901234567890', '1.2345678901234567e+19'),
  value('123456789012345', '123456789012345'),
  value('1234567890123456', '1234567890123456'),
  value('1e15', '1e+15'),
  value('1e400', 'null'),
  value('1e-400', '0'),
  value('5e-324', '4.94065645841247e-324'),
  value('true', 'true'),
  value('null', 'null'),
  value('"text"', '"text"'),
  value('""', '""'),
  value('"\\u00e9\\u20ac\\ud83d\\ude00"', '"é€\u{1f600}"'),
  value('"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"/\\b\\f\\n\\r\\t\\"\\\\"'),
  value('"grün"', '"grün"'),
  value('[]', '[]'),
  value('{}', '{}'),
  value('[1, [2, []], {}]', '[1,[2,[]],{}]'),
  value(' \t\r\n{ "b" : 1 , "a" : [ true , false ] } \n', '{"b":1,"a":[true,false]}'),
  value('{"a":1,"a":2}', '{"a":1,"a":2}'),
  value('{"__proto__":{"x":1},"":0,"1":2,"0":3}', '{"__proto__":{"x":1},"":0,"1":2,"0":3}'),
  value('{"tst":1,"payload":2}', '{"tst":1,"payload":2}'),
  value(`${'['.repeat(900)}${']'.repeat(900)}`, `${'['.repeat(900)}${']'.repeat(900)}`),
  value('', 'null'),
  noValue('hello'),
  noValue('{"a":1'),
  noValue('{a:1}'),
  noValue("{'a':1}"),
  noValue('[1,]'),
  noValue('1 2'),
  noValue('NaN'),
  noValue('+1'),
  noValue('.5'),
  noValue('-'),
  noValue('1e'),
  noValue('tru'),
  noValue('"open'),
  noValue('"\\x41"'),
  noValue('"\\u12"'),
  noValue(' '),
  noValue('{"a":1}\0'),
  noValue('"\\ud800"'),
  noValue('"\\udc00\\ud800"'),
  noValue(Buffer.from([0xff])),
  noValue('01', STRICT),
  noValue('1.', STRICT),
  noValue('-01.e1', STRICT),
  noValue('"a\nb"', STRICT),
  noValue('\ufeff1', STRICT),
  noValue(Buffer.from([0x22, 0xff, 0x22]), STRICT),
  value('"a\\u0000b"', '"a\\u0000b"', { reason: 'cJSON cuts a string at its first NUL' }),
];

const VERSION_5 = ['-V', '5', '-F', '%j'];

function property(properties: Message['properties'], printed: string, more: Partial<SubCase> = {}): SubCase {
  const stdout = `${head('x')},"properties":{${printed}},"payload":"x"}\n`;
  const title = `%j with ${Object.keys(properties ?? {}).join(' and ')}`;
  return one(VERSION_5, { payload: 'x', ...(properties && { properties }) }, stdout, { title, ...more });
}

const OBJECT = { reason: '2.0 has the User Properties in one object', from: '2.0' } as const;
const EMPTY = { reason: '2.1 takes an empty string for a lack of memory, and prints no message', from: '2.1' } as const;

const PROPERTIES: readonly SubCase[] = [
  property({ payloadFormatIndicator: true }, '"payload-format-indicator":1'),
  property({ payloadFormatIndicator: false }, '"payload-format-indicator":0'),
  property({ messageExpiryInterval: 4_294_967_295 }, '"message-expiry-interval":4294967295'),
  property({ contentType: 'text/plain' }, '"content-type":"text/plain"'),
  property({ responseTopic: 'reply/"to"' }, '"response-topic":"reply/\\"to\\""'),
  property({ correlationData: Buffer.from('abc') }, '"correlation-data":"abc"'),
  property({ correlationData: Buffer.from('a\0b') }, '"correlation-data":"a\\u0000b"', { differs: CUT }),
  property({ correlationData: Buffer.from([0xff]) }, '"correlation-data":"/w=="', { differs: BROKEN }),
  property({ userProperties: { name: 'value' } }, '"user-properties":[{"name":"value"}]', { differs: OBJECT }),
  property(
    { userProperties: { name: ['1', '2'], other: 'ü"' } },
    '"user-properties":[{"name":"1"},{"name":"2"},{"other":"ü\\""}]',
    { differs: OBJECT },
  ),
  property(
    { contentType: 'text/plain', payloadFormatIndicator: true, correlationData: Buffer.from('abc') },
    '"payload-format-indicator":1,"content-type":"text/plain","correlation-data":"abc"',
    { differs: { reason: 'mosquitto has them in the order of the wire, ours in that of the table' } },
  ),
  property({ contentType: '' }, '"content-type":""', { differs: EMPTY }),
  property({ userProperties: { name: '' } }, '"user-properties":[{"name":""}]', {
    differs: { reason: `${OBJECT.reason}, ${EMPTY.reason}` },
  }),
];

const ENVELOPES: readonly SubCase[] = [
  one(
    ['-F', '%j', '-q', '1'],
    { payload: 'x', qos: 1 },
    `${head('x', '"qos":1,"retain":false')},"mid":1,"payload":"x"}\n`,
  ),
  one(
    ['-F', '%j', '-q', '2'],
    { payload: 'x', qos: 2 },
    `${head('x', '"qos":2,"retain":false')},"mid":1,"payload":"x"}\n`,
  ),
  one(
    ['-F', '%j', '-q', '2', '-V', '31'],
    { payload: 'x', qos: 1 },
    `${head('x', '"qos":1,"retain":false')},"mid":1,"payload":"x"}\n`,
  ),
  one(['-F', '%j', '-V', '5'], { payload: 'x' }, `${head('x')},"payload":"x"}\n`),
  one(['-F', '%J', '-V', '5'], { payload: '[1]' }, `${head('[1]')},"payload":[1]}\n`),
  {
    words: ['-t', 'd/#', '-F', '%j'],
    retained: [{ topic: TOPIC, payload: 'old' }],
    stdout: `${head('old', '"qos":0,"retain":true')},"payload":"old"}\n`,
  },
  one(['-F', '%j'], { topic: 'd/ü "\\', payload: 'x' }, `${head('x', undefined, '"d/ü \\"\\\\"')},"payload":"x"}\n`),
  one(['-F', '%j', '-N'], { payload: 'x' }, `${head('x')},"payload":"x"}`),
  one(['-F', '%t %j %J'], { payload: '1' }, `${TOPIC} ${head('1')},"payload":"1"} ${head('1')},"payload":1}\n`, {
    differs: { reason: '2.0 has a Z in its time stamps, and retain as a number', from: '2.0' },
  }),
  one(['-F', '%13j%-3.2J'], { payload: '1' }, `${head('1')},"payload":"1"}${head('1')},"payload":1}\n`),
];

const PRETTY_HEAD =
  '{\n\t"tst":\t"(exact time)",\n\t"topic":\t"d/json",\n\t"qos":\t0,\n\t"retain":\tfalse,\n\t"payloadlen":\t';

function pretty(payload: string, printed: string, format = '%J'): SubCase {
  const stdout = `${PRETTY_HEAD}${Buffer.byteLength(payload)},\n\t"payload":\t${printed}\n}\n`;
  return one(['-F', format, '--pretty'], { payload }, stdout, { title: `--pretty ${format} of ${payload}` });
}

const PRETTY: readonly SubCase[] = [
  pretty('text', '"text"', '%j'),
  pretty('', 'null', '%j'),
  pretty('1', '1'),
  pretty('[]', '[]'),
  pretty('{}', '{\n\t}'),
  pretty('[1,2]', '[1, 2]'),
  pretty('{"a":27,"b":"c"}', '{\n\t\t"a":\t27,\n\t\t"b":\t"c"\n\t}'),
  pretty('{"a":{"b":{}}}', '{\n\t\t"a":\t{\n\t\t\t"b":\t{\n\t\t\t}\n\t\t}\n\t}'),
  pretty('[{"a":1},[2,{}]]', '[{\n\t\t\t"a":\t1\n\t\t}, [2, {\n\t\t\t}]]'),
  pretty('{"a":[{},{"b":[]}]}', '{\n\t\t"a":\t[{\n\t\t\t}, {\n\t\t\t\t"b":\t[]\n\t\t\t}]\n\t}'),
];

export const JSON_CASES: readonly SubCase[] = [...TEXTS, ...VALUES, ...PROPERTIES, ...ENVELOPES, ...PRETTY];
