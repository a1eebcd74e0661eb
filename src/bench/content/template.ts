/** Topics and payloads with placeholders, such as `plant/{publisher}/{rand:1000}`. */
import { ValueError } from '../../options/spec.ts';

/** What a placeholder stands for: a number, of the publisher and the message that it is made for. */
export interface Placeholder {
  /** `i`: number of the message of its publisher, from 0; `topic`: that modulo `--topics`; `time`: when it is sent. */
  readonly name: 'publisher' | 'i' | 'topic' | 'rand' | 'time';
  /** `rand`: it is below this; 0 for the others. */
  readonly below: number;
}

/** A parsed template: text that stays, and what is filled in. `{run}` is filled in already. */
export type Piece = string | Placeholder;

/** What the placeholders of a run draw on. */
export interface TemplateRun {
  readonly runId: string;
  readonly seed: number;
  readonly topics: number;
}

const MOST_BELOW = 1_000_000_000;
const NAMES = ['run', 'publisher', 'i', 'topic', 'rand', 'time'] as const;
/** A Topic Name must be the same when it is made again, so it cannot hold the time. */
const TOPIC_NAMES: readonly string[] = NAMES.filter((name) => name !== 'time');
const PLACEHOLDER = /\{([a-z]+)(?::(\d+))?\}/y;

/**
 * Parses the template of a payload, or of a Topic Name, in which a brace that begins no placeholder is an error too.
 * `{{` is a brace in both. Throws ValueError that tells the position, from 1.
 */
export function parseTemplate(text: string, kind: 'topic' | 'payload', runId: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let at = 0;
  const names = kind === 'topic' ? TOPIC_NAMES : NAMES;
  while (at < text.length) {
    const brace = text.indexOf('{', at);
    if (brace < 0) break;
    literal += text.slice(at, brace);
    PLACEHOLDER.lastIndex = brace;
    const match = PLACEHOLDER.exec(text);
    if (text[brace + 1] === '{') {
      literal += '{';
      at = brace + 2;
    } else if (match) {
      const piece = parsePlaceholder(match, names, brace + 1);
      if (piece === undefined) {
        literal += runId;
      } else {
        if (literal !== '') pieces.push(literal);
        literal = '';
        pieces.push(piece);
      }
      at = PLACEHOLDER.lastIndex;
    } else if (kind === 'topic') {
      throw new ValueError(`"{" at ${brace + 1} begins no placeholder`, hintFor(names));
    } else {
      literal += '{';
      at = brace + 1;
    }
  }
  literal += text.slice(at);
  if (literal !== '') pieces.push(literal);
  return pieces;
}

/** Undefined for `{run}`. */
function parsePlaceholder(
  [all, name = '', bound]: RegExpExecArray,
  names: readonly string[],
  position: number,
): Placeholder | undefined {
  if (!names.includes(name)) throw new ValueError(`there is no ${all} (at ${position})`, hintFor(names));
  if (name !== 'rand') {
    if (bound !== undefined) throw new ValueError(`${all} (at ${position}) takes no number`, hintFor(names));
    return name === 'run' ? undefined : { name: name as Placeholder['name'], below: 0 };
  }
  const below = Number(bound ?? Number.NaN);
  if (!(below >= 1 && below <= MOST_BELOW)) {
    throw new ValueError(`${all} (at ${position}) must have a number from 1 to ${MOST_BELOW}, such as {rand:1000}`);
  }
  return { name: 'rand', below };
}

function hintFor(names: readonly string[]): string {
  const spelled = names.map((name) => (name === 'rand' ? '{rand:1000}' : `{${name}}`));
  return `There are ${spelled.join(', ')}; {{ is a brace.`;
}

/** A template that is filled in for any publisher and message: the same ones always give the same, save for `{time}`. */
export class Template {
  /** Text and placeholders by turns: text, which may be empty, before each placeholder and after the last. */
  readonly #literals: readonly Uint8Array[];
  readonly #placeholders: readonly Placeholder[];
  readonly #seed: number;
  readonly #topics: number;
  /** Tells the random numbers of topics from those of payloads. */
  readonly #salt: number;
  readonly #literalBytes: number;

  constructor(pieces: readonly Piece[], { seed, topics }: Omit<TemplateRun, 'runId'>, salt: number) {
    const literals = [''];
    const placeholders: Placeholder[] = [];
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        literals[literals.length - 1] += piece;
      } else {
        placeholders.push(piece);
        literals.push('');
      }
    }
    this.#literals = literals.map((text) => Buffer.from(text));
    this.#placeholders = placeholders;
    this.#seed = seed;
    this.#topics = topics;
    this.#salt = salt;
    this.#literalBytes = this.#literals.reduce((sum, literal) => sum + literal.length, 0);
  }

  /** Bytes of what {@link write} writes. */
  sizeOf(publisher: number, sequence: number): number {
    let bytes = this.#literalBytes;
    // By number: an iterator would cost more than the digits.
    for (let index = 0; index < this.#placeholders.length; index += 1) {
      bytes += digitsOf(this.#valueOf(index, publisher, sequence, FIRST_TIME_MS));
    }
    return bytes;
  }

  /** Bytes of the longest that any publisher below `publishers` writes for any message below `messages`. */
  longestOf(publishers: number, messages: number): number {
    return longestOf(this.#placeholders, publishers, messages, this.#topics).length + this.#literalBytes;
  }

  /** @param epochMs what `{time}` is filled in with. */
  write(target: Buffer, at: number, publisher: number, sequence: number, epochMs: number): void {
    let next = at;
    for (let index = 0; index < this.#literals.length; index += 1) {
      const literal = this.#literals[index];
      if (literal !== undefined && literal.length > 0) {
        target.set(literal, next);
        next += literal.length;
      }
      if (index < this.#placeholders.length) {
        next = writeDigits(target, next, this.#valueOf(index, publisher, sequence, epochMs));
      }
    }
  }

  textOf(publisher: number, sequence: number): string {
    const bytes = Buffer.allocUnsafe(this.sizeOf(publisher, sequence));
    this.write(bytes, 0, publisher, sequence, FIRST_TIME_MS);
    return bytes.toString();
  }

  #valueOf(index: number, publisher: number, sequence: number, epochMs: number): number {
    const placeholder = this.#placeholders[index];
    switch (placeholder?.name) {
      case 'publisher':
        return publisher;
      case 'i':
        return sequence;
      case 'topic':
        return sequence % this.#topics;
      case 'rand':
        return Math.floor(drawOf(this.#seed, this.#salt + index, publisher, sequence) * placeholder.below);
      case 'time':
        return Math.max(FIRST_TIME_MS, Math.floor(epochMs));
      default:
        return 0;
    }
  }
}

/** Every time from 2001 to 2286 has as many digits as this one, so that a size does not hang on the clock. */
const FIRST_TIME_MS = 1_000_000_000_000;

/** The longest text that a template gives. */
export function longestOf(pieces: readonly Piece[], publishers: number, messages: number, topics: number): string {
  const largest = ({ below, name }: Placeholder): number => {
    switch (name) {
      case 'publisher':
        return publishers - 1;
      case 'i':
        return Math.min(messages, 0x1_0000_0000) - 1;
      case 'topic':
        return topics - 1;
      case 'rand':
        return below - 1;
      case 'time':
        return FIRST_TIME_MS;
    }
  };
  return pieces.map((piece) => (typeof piece === 'string' ? piece : String(largest(piece)))).join('');
}

/** Whether what it gives varies from one message of a publisher to the next. */
export function variesByMessage(pieces: readonly Piece[]): boolean {
  return pieces.some((piece) => typeof piece !== 'string' && piece.name !== 'publisher');
}

/** Whether the placeholder of that name occurs. */
export function hasPlaceholder(pieces: readonly Piece[], name: Placeholder['name']): boolean {
  return pieces.some((piece) => typeof piece !== 'string' && piece.name === name);
}

/** A random number from 0 up to, not including, 1; always the same for the same arguments. */
function drawOf(seed: number, salt: number, publisher: number, sequence: number): number {
  return (mix(mix(mix((seed ^ Math.imul(salt + 1, 0x9e3779b1)) | 0) + publisher) + sequence) >>> 0) / 0x1_0000_0000;
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

function writeDigits(target: Buffer, at: number, value: number): number {
  const end = at + digitsOf(value);
  let rest = value;
  for (let next = end - 1; next >= at; next -= 1) {
    const tenth = Math.floor(rest / 10);
    target[next] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}
