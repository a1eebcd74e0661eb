/** `--remove-retained`: deletes each retained message that was received. */
import { PublishRefusedError } from '../errors.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { PublishOutcome, ReceivedMessage, Session } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatQuantity } from '../output/units.ts';
import type { Status } from './status.ts';

export class RetainedRemoval {
  readonly #status: Status;
  readonly #isDryRun: boolean;
  #session: Session | undefined;
  #removed = 0;
  #refused: (PublishOutcome & { readonly topic: string }) | undefined;
  readonly #pending = new Set<Promise<void>>();
  /** Topics of which the empty message that deletes may come back to us, because we are subscribed. */
  readonly #echoes = new Set<string>();

  /** With `isDryRun` it only says what it would delete. */
  constructor(status: Status, isDryRun: boolean) {
    this.#status = status;
    this.#isDryRun = isDryRun;
  }

  /** The connection to delete over from now on. */
  use(session: Session): void {
    this.#session = session;
  }

  remove(topic: string): void {
    if (this.#isDryRun) {
      this.#removed += 1;
      this.#status.warn(`would delete the retained message of ${quote(topic)}`);
      return;
    }
    const session = this.#session;
    if (session === undefined) return;
    this.#echoes.add(topic);
    const deletion = session.publish({ topic, payload: Buffer.alloc(0), qos: 1, retain: true }).then(
      (outcome) => {
        if (outcome.reasonCode >= 0x80) this.#refused ??= { ...outcome, topic };
        else this.#removed += 1;
      },
      // Lost with the connection: after the next one the message comes again, and is deleted then.
      () => undefined,
    );
    this.#pending.add(deletion);
    void deletion.finally(() => this.#pending.delete(deletion));
  }

  isEcho({ topic, payload, retain }: ReceivedMessage): boolean {
    return !retain && payload.length === 0 && this.#echoes.delete(topic);
  }

  /** Waits for the broker's answers. Throws PublishRefusedError when it refused one. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    const what = this.#isDryRun ? 'would be deleted' : 'deleted';
    this.#status.progress(`${formatQuantity(this.#removed, 'retained message')} ${what}`);
    if (this.#refused === undefined) return;
    const { topic, reasonCode } = this.#refused;
    throw new PublishRefusedError(
      `the broker refused to delete the retained message of ${quote(topic)}: ${describeReasonCode(reasonCode)}`,
    );
  }
}
