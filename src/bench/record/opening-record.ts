import { ConnectionRecord } from './connection-record.ts';

/** One time that all connections of `conn` were opened: the first, or after a storm. */
export class OpeningRecord extends ConnectionRecord {
  /** Of the monotonic clock, when the first connection was due. */
  readonly startMs: number;
  /** When the last one was open; NaN while there is none. */
  lastOpenMs = Number.NaN;

  constructor(startMs: number) {
    super();
    this.startMs = startMs;
  }
}
