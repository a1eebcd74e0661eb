import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withinLimits } from '../../src/commands/formatting.ts';
import { UndecodableError } from '../../src/errors.ts';
import { Gathered } from '../../src/output/gathered.ts';
import { JsonLines } from '../../src/output/json-lines.ts';
import { GatherSink } from '../../src/output/sink.ts';
import { Template } from '../../src/output/template.ts';
import { RawText } from '../../src/output/text.ts';
import { Writer } from '../../src/output/writer.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { messageWith, receivedMessage } from './messages.ts';

/** Around the lengths at which bytes are copied one by one, by the system, and not at all. */
const bytes = fc
  .oneof(fc.nat(64), fc.constantFrom(32_767, 32_768, 131_072, 200_000))
  .chain((length) => fc.nat(255).map((byte) => Buffer.alloc(length, byte)));

describe('gathered bytes', () => {
  it('are what was added, in order, less what was taken back', () => {
    const step = fc.record({
      bytes,
      text: fc.string({ unit: 'binary' }),
      isUndone: fc.boolean(),
      isTaken: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const gathered = new Gathered();
        const expected: Buffer[] = [];
        const taken: Buffer[] = [];
        for (const { bytes: added, text, isUndone, isTaken } of steps) {
          gathered.begin();
          gathered.add(added);
          gathered.addText(text);
          gathered.addByte(0x0a);
          if (isUndone) gathered.undo();
          else expected.push(added, Buffer.from(text), Buffer.from('\n'));
          if (isTaken) taken.push(...gathered.take());
        }
        taken.push(...gathered.take());
        expect(Buffer.concat(taken).equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });

  it('of many messages are one part, and a large payload is not copied', () => {
    const gathered = new Gathered();
    for (let message = 0; message < 1000; message += 1) gathered.add(Buffer.from('12345678901234567890\n'));
    expect(gathered.take()).toHaveLength(1);
    expect(gathered.take()).toEqual([]);
    const large = Buffer.alloc(100_000);
    gathered.addText('a ');
    gathered.add(large);
    gathered.addByte(0x0a);
    const parts = gathered.take();
    expect(parts).toHaveLength(3);
    expect(parts[1]).toBe(large);
  });
});

describe('a message at the end of others', () => {
  const onFault = (): void => undefined;
  const template = fc.constantFrom(
    '%t %p',
    '%I %t %p',
    '%I@N%%x%5p|%-9t|%j',
    '%J %q%r%l%m',
    '@H:@M %x %C %P %R %D %E %F %S %A %U',
  );
  const formatter = fc.oneof(
    fc.record({ verbose: fc.boolean(), newline: fc.boolean() }).map((options) => new RawText(options)),
    fc.record({ parseJson: fc.boolean(), forTerminal: fc.boolean() }).map((options) => new JsonLines(options)),
    fc
      .tuple(template, fc.boolean(), fc.boolean())
      .map(
        ([format, newline, singleLine]) =>
          new Template(format, { pretty: false, newline, onFault, ...(singleLine && { terminal: { singleLine } }) }),
      ),
  );

  it('is the same as alone, in every format and at every moment', () => {
    const moment = fc.double({ min: 0, max: 4e12, noNaN: true });
    fc.assert(
      fc.property(formatter, fc.array(fc.tuple(receivedMessage, moment), { maxLength: 5 }), (made, messages) => {
        const gathered = new Gathered();
        const alone = messages.map(([message, ms]) => {
          made.append(message, ms, gathered);
          return made.format(message, ms) ?? Buffer.alloc(0);
        });
        expect(Buffer.concat(gathered.take()).toString('latin1')).toBe(Buffer.concat(alone).toString('latin1'));
      }),
      { numRuns: 500 },
    );
  });

  it('that cannot be shown leaves nothing of itself behind', () => {
    const fail = (text: string): never => {
      throw new UndecodableError(text);
    };
    const strict = withinLimits(new Template('%t %J', { pretty: false, newline: true, onFault: fail }), fail);
    const gathered = new Gathered();
    strict.append?.(messageWith({ payload: '1' }), 0, gathered);
    expect(() => strict.append?.(messageWith({ payload: 'no JSON' }), 0, gathered)).toThrow(UndecodableError);
    strict.append?.(messageWith({ payload: '2' }), 0, gathered);
    const lines = Buffer.concat(gathered.take()).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.startsWith('a/b {'))).toBe(true);
  });
});

describe('a sink that gathers', () => {
  function open(): { stream: MemoryOutput; writes: () => number; sink: GatherSink } {
    const stream = new MemoryOutput();
    let writes = 0;
    const write = stream._write.bind(stream);
    stream._write = (...words) => {
      if (words[0].length > 0) writes += 1;
      write(...words);
    };
    const sink = new GatherSink(new RawText({ verbose: false, newline: true }), new Writer(stream), new FakeClock());
    return { stream, writes: () => writes, sink };
  }

  it('writes a thousand messages at once, and a message alone at once too', () => {
    const { stream, writes, sink } = open();
    for (let message = 0; message < 1000; message += 1) sink.take(messageWith({ payload: `${message}`, qos: 1 }));
    expect(writes()).toBe(0);
    expect(sink.flush()).toBe(undefined);
    expect(writes()).toBe(1);
    sink.take(messageWith({ payload: 'alone' }));
    expect(sink.flush()).toBe(undefined);
    expect(stream.text.endsWith('999\nalone\n')).toBe(true);
  });

  it.each([1, 2] as const)('is done with QoS %d when the system has taken the bytes', async (qos) => {
    const { stream, sink } = open();
    stream.hold();
    sink.take(messageWith({ payload: 'x', qos }));
    let isDone = false;
    const flushed = sink.flush()?.then(() => {
      isDone = true;
    });
    await settle();
    expect(isDone).toBe(false);
    stream.release();
    await flushed;
    expect(stream.text).toBe('x\n');
  });

  it('goes on with QoS 0 while there is room, and not beyond', async () => {
    const { stream, sink } = open();
    stream.hold();
    sink.take(messageWith({ payload: 'x' }));
    expect(sink.flush()).toBe(undefined);
    sink.take(messageWith({ payload: 'y'.repeat(20_000) }));
    const room = sink.flush();
    expect(room).toBeInstanceOf(Promise);
    stream.release();
    await room;
    expect(stream.text).toBe(`x\n${'y'.repeat(20_000)}\n`);
  });

  it('is never done with what could not be written', async () => {
    const { stream, sink } = open();
    stream.failWith('ENOSPC');
    sink.take(messageWith({ payload: 'x', qos: 1 }));
    const outcome = await Promise.race([sink.flush()?.then(() => 'done'), settle().then(() => 'open')]);
    expect(outcome).toBe('open');
  });
});
