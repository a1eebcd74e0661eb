import type { Sample } from '../result/result.ts';
import { type BrokerIdentity, parseIdentity } from './identify.ts';

/** Where mosquitto, and some that follow it, publish what they are and how they do. */
export const SYSTEM_PREFIX = '$SYS/broker/';
/** mosquitto has some thirty without averages; a broker that has a topic for each client must not fill memory. */
const MOST_FIGURES = 100;
/** Averages of the other figures over minutes: a benchmark knows better, and they are more than half of all. */
const AVERAGES = 'load/';
/** A number, alone or with its unit, as in `1234 seconds`. */
const FIGURE = /^(-?\d+(?:\.\d+)?)(?: [a-z]+)?$/;

/** What the broker says of itself under {@link SYSTEM_PREFIX}, the newest of each topic. */
export class SystemTopics {
  identity: BrokerIdentity | undefined;
  #figures: Readonly<Record<string, number>> | null = null;

  /** Takes in a message; those of other topics, and what is no number, are passed over. */
  take(topic: string, payload: Buffer): void {
    if (!topic.startsWith(SYSTEM_PREFIX)) return;
    const name = topic.slice(SYSTEM_PREFIX.length);
    if (name === 'version') {
      this.identity ??= parseIdentity(payload.toString());
      return;
    }
    const value = FIGURE.exec(payload.toString())?.[1];
    if (value === undefined || name.startsWith(AVERAGES)) return;
    const figures = this.#figures ?? {};
    if (figures[name] === undefined && Object.keys(figures).length >= MOST_FIGURES) return;
    // A new object each time: samples keep the one that they were given, and share it while nothing comes.
    this.#figures = { ...figures, [name]: Number(value) };
  }

  /** By what follows the prefix; null when the broker tells none. */
  get figures(): Sample['sys'] {
    return this.#figures;
  }
}
