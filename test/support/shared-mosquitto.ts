import { afterAll, beforeAll } from 'vitest';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.ts';

/** A mosquitto for the tests of the `describe` in which this is called. */
export interface SharedMosquitto {
  readonly broker: Mosquitto;
  /** `-h 127.0.0.1 -p PORT` */
  readonly at: readonly string[];
}

/** Starts it before the tests, removes it after them. Its parts may be asked for inside tests only. */
export function shareMosquitto(options?: MosquittoOptions): SharedMosquitto {
  let broker: Mosquitto | undefined;
  beforeAll(async () => {
    broker = await startMosquitto(options);
  });
  afterAll(() => broker?.remove());
  const started = (): Mosquitto => {
    if (broker === undefined) throw new Error('mosquitto is started when the tests start');
    return broker;
  };
  return {
    get broker() {
      return started();
    },
    get at() {
      return ['-h', '127.0.0.1', '-p', String(started().port)];
    },
  };
}
