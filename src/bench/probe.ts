/**
 * The header at the start of each payload by which a delivery is verified. Little-endian: 8 bytes run, 4 publisher,
 * 4 sequence, 8 time of sending (binary64, microseconds of the sender's monotonic clock). The rest is filler.
 */

/** The smallest payload that can be verified. */
export const PROBE_HEADER_BYTES = 24;

const PUBLISHER_AT = 8;
const SEQUENCE_AT = 12;
const SENT_AT = 16;
const FILLER = 0x78;

/** Tells one run's messages from every other's: 16 hexadecimal digits. */
export type RunId = string;

/** Makes the payloads of one publisher. */
export class ProbeWriter {
  readonly #template: Buffer;
  readonly #view: DataView;

  constructor(runId: RunId, publisher: number, sizeBytes: number) {
    this.#template = Buffer.alloc(sizeBytes, FILLER);
    this.#template.write(runId, 0, 'hex');
    this.#view = new DataView(this.#template.buffer, this.#template.byteOffset, PROBE_HEADER_BYTES);
    this.#view.setUint32(PUBLISHER_AT, publisher, true);
  }

  /** A payload of its own: the client may hold it until the broker has acknowledged it. */
  write(sequence: number, sentUs: number): Buffer {
    this.#view.setUint32(SEQUENCE_AT, sequence, true);
    this.#view.setFloat64(SENT_AT, sentUs, true);
    return Buffer.from(this.#template);
  }
}

/** Reads the header of what arrives. One reader is used for many payloads; its fields hold the last one. */
export class ProbeReader {
  readonly #runLow: number;
  readonly #runHigh: number;
  publisher = 0;
  sequence = 0;
  sentUs = 0;

  constructor(runId: RunId) {
    const run = Buffer.from(runId, 'hex');
    this.#runLow = run.readUInt32LE(0);
    this.#runHigh = run.readUInt32LE(4);
  }

  /** False: the payload is not of this run. */
  read(payload: Buffer): boolean {
    if (payload.length < PROBE_HEADER_BYTES) return false;
    if (payload.readUInt32LE(0) !== this.#runLow || payload.readUInt32LE(4) !== this.#runHigh) return false;
    this.publisher = payload.readUInt32LE(PUBLISHER_AT);
    this.sequence = payload.readUInt32LE(SEQUENCE_AT);
    this.sentUs = payload.readDoubleLE(SENT_AT);
    return true;
  }
}
