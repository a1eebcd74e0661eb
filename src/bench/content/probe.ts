/**
 * The header at the start of a payload by which its delivery is verified. Little-endian: 6 bytes run, 3 publisher,
 * 4 sequence, 6 time due, 4 lateness, 1 check of the others. Time due: microseconds since the Unix epoch, modulo 2^48.
 * Lateness: microseconds from then to the time of sending.
 */
import type { Clock } from '../../cli/context.ts';

/** The smallest payload that can be verified. */
export const PROBE_HEADER_BYTES = 24;

/** Tells one run's messages from every other's: 16 hexadecimal digits, of which the header holds the first 12. */
export type RunId = string;

const TWO_32 = 0x1_0000_0000;
const TWO_48 = 2 ** 48;
const MOST_LATENESS_US = TWO_32 - 1;

/** Writes the headers of one publisher. */
export class ProbeWriter {
  /** The first four bytes as a number, the next two, and the three of the publisher. */
  readonly #runLow: number;
  readonly #runHigh: number;
  readonly #publisher: number;
  readonly #key: number;
  readonly #epochOffsetUs: number;

  /** @param epochOffsetUs what is to be added to times handed in, that they count from the Unix epoch. */
  constructor(runId: RunId, publisher: number, epochOffsetUs: number) {
    const { runHigh, runLow } = markOf(runId);
    this.#runLow = runLow;
    this.#runHigh = runHigh;
    this.#publisher = publisher;
    this.#key = keyOf(runLow, runHigh, publisher);
    this.#epochOffsetUs = epochOffsetUs;
  }

  /** Fractions of microseconds are dropped. */
  write(target: Buffer, at: number, sequence: number, dueUs: number, sentUs: number): void {
    const due = Math.floor(dueUs + this.#epochOffsetUs);
    const lateUs = Math.floor(sentUs + this.#epochOffsetUs) - due;
    const late = Math.max(0, Math.min(lateUs, MOST_LATENESS_US)) | 0;
    // By division: the remainder of a large number takes as long as all the rest.
    const dueAbove = (due / TWO_32) | 0;
    const dueLow = (due - dueAbove * TWO_32) | 0;
    const dueHigh = dueAbove & 0xffff;
    const runLow = this.#runLow;
    const runHigh = this.#runHigh;
    const publisher = this.#publisher;
    // Byte by byte: the methods of Buffer check what is known to hold.
    target[at] = runLow;
    target[at + 1] = runLow >>> 8;
    target[at + 2] = runLow >>> 16;
    target[at + 3] = runLow >>> 24;
    target[at + 4] = runHigh;
    target[at + 5] = runHigh >>> 8;
    target[at + 6] = publisher;
    target[at + 7] = publisher >>> 8;
    target[at + 8] = publisher >>> 16;
    target[at + 9] = sequence;
    target[at + 10] = sequence >>> 8;
    target[at + 11] = sequence >>> 16;
    target[at + 12] = sequence >>> 24;
    target[at + 13] = dueLow;
    target[at + 14] = dueLow >>> 8;
    target[at + 15] = dueLow >>> 16;
    target[at + 16] = dueLow >>> 24;
    target[at + 17] = dueHigh;
    target[at + 18] = dueHigh >>> 8;
    target[at + 19] = late;
    target[at + 20] = late >>> 8;
    target[at + 21] = late >>> 16;
    target[at + 22] = late >>> 24;
    target[at + 23] = checkOf(this.#key, sequence, dueLow, dueHigh, late);
  }
}

/** Reads the header of what arrives. One reader is used for many payloads; its fields hold the last one. */
export class ProbeReader {
  readonly #epochOffsetUs: number;
  /** Times from here on, for 2^48 us, are told apart. */
  readonly #earliestUs: number;
  readonly #baseUs: number;
  /** The mark of the run: its first 4 bytes, and 2 more. */
  runLow = 0;
  runHigh = 0;
  publisher = 0;
  sequence = 0;
  /** In the clock of the reader, microseconds. */
  dueUs = 0;
  sentUs = 0;
  /** The header is as it was written. */
  isIntact = false;

  /** @param epochOffsetUs what is to be added to times of the reader's clock, that they count from the Unix epoch. */
  constructor(epochOffsetUs: number) {
    this.#epochOffsetUs = epochOffsetUs;
    // The reader's clock began not long ago; times up to four years from then can be read.
    this.#earliestUs = epochOffsetUs - TWO_48 / 2;
    this.#baseUs = Math.floor(this.#earliestUs / TWO_48) * TWO_48;
  }

  /** Reads what begins at `at`. False: from there up to `end` is too short for a header. */
  read(payload: Uint8Array, at: number, end: number): boolean {
    if (end - at < PROBE_HEADER_BYTES) return false;
    this.runLow = readUint32(payload, at);
    this.runHigh = readUint16(payload, at + 4);
    this.publisher = readUint16(payload, at + 6) | ((payload[at + 8] ?? 0) << 16);
    this.sequence = readUint32(payload, at + 9);
    const dueLow = readUint32(payload, at + 13);
    const dueHigh = readUint16(payload, at + 17);
    const late = readUint32(payload, at + 19);
    const due = dueHigh * TWO_32 + dueLow + this.#baseUs;
    this.dueUs = (due < this.#earliestUs ? due + TWO_48 : due) - this.#epochOffsetUs;
    this.sentUs = this.dueUs + late;
    const key = keyOf(this.runLow, this.runHigh, this.publisher);
    this.isIntact = payload[at + 23] === checkOf(key, this.sequence, dueLow, dueHigh, late);
    return true;
  }
}

/** What is to be added to microseconds of a clock, that they count from the Unix epoch. */
export function epochOffsetUsOf(clock: Pick<Clock, 'epochMs' | 'monotonicMs'>): number {
  return Math.round((clock.epochMs() - clock.monotonicMs()) * 1000);
}

/** The mark of one run, as {@link ProbeReader} reads it. */
export function markOf(runId: RunId): { readonly runLow: number; readonly runHigh: number } {
  const mark = Buffer.from(runId.slice(0, 12), 'hex');
  return { runLow: mark.readUInt32LE(0), runHigh: mark.readUInt16LE(4) };
}

function readUint16(from: Uint8Array, at: number): number {
  return (from[at] ?? 0) | ((from[at + 1] ?? 0) << 8);
}

function readUint32(from: Uint8Array, at: number): number {
  return (readUint16(from, at) | (readUint16(from, at + 2) << 16)) >>> 0;
}

function keyOf(runLow: number, runHigh: number, publisher: number): number {
  return Math.imul(Math.imul(runLow ^ (runHigh << 7), 0x85ebca6b) ^ (publisher + 1), 0xc2b2ae35);
}

/** Eight bits that change, nearly always, when any bit of the header does. */
function checkOf(key: number, sequence: number, dueLow: number, dueHigh: number, late: number): number {
  let hash = Math.imul(key ^ sequence, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 13)) + dueLow, 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 16)) + dueHigh, 0x27d4eb2f);
  hash = Math.imul((hash ^ (hash >>> 15)) + late, 0x165667b1);
  return hash >>> 24;
}
