import { ConnectionLostError, PublishRefusedError } from '../errors.ts';
import { describeOutcome } from '../mqtt/reason-codes.ts';
import type { PublishOutcome } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatQuantity } from '../output/units.ts';

/** What became of the messages of a run, in numbers, and in words. */
export class Outcomes {
  #sent = 0;
  #refused = 0;
  #firstRefusal: PublishOutcome | undefined;

  /** Returns the number of the message, from 1 on. */
  sent(): number {
    this.#sent += 1;
    return this.#sent;
  }

  refused(outcome: PublishOutcome): void {
    this.#refused += 1;
    this.#firstRefusal ??= outcome;
  }

  /**
   * Such as `2 of 3 messages accepted`. `unconfirmed`: messages at QoS 0 that the broker may not have read; `unanswered`:
   * those at QoS 1 and 2 that it has not answered.
   */
  describe(unconfirmed: number, unanswered: number): string {
    const messages = formatQuantity(this.#sent, 'message');
    if (unconfirmed > 0) return `${messages} sent, ${unconfirmed === this.#sent ? '' : `${unconfirmed} `}not confirmed`;
    return `${this.#sent - unanswered - this.#refused} of ${messages} accepted`;
  }

  /** Throws PublishRefusedError for messages that were refused, ConnectionLostError for `doubtful` ones at QoS 0. */
  check(topic: string, doubtful: number): void {
    if (this.#firstRefusal !== undefined) throw this.#describeRefusal(topic, this.#firstRefusal);
    if (doubtful === 0) return;
    throw new ConnectionLostError(
      `the connection was lost and found again: up to ${doubtful} of ${formatQuantity(this.#sent, 'message')} at QoS 0 may not have arrived`,
      'At QoS 1 (-q 1) they are sent again.',
    );
  }

  #describeRefusal(topic: string, outcome: PublishOutcome): PublishRefusedError {
    const what = this.#sent === 1 ? 'the message' : `${this.#refused} of ${formatQuantity(this.#sent, 'message')}`;
    return new PublishRefusedError(`the broker refused ${what}: ${quote(topic)}: ${describeOutcome(outcome)}`);
  }
}
