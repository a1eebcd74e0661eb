/** `--remove-retained`: deletes each retained message that was received. */
import { PublishRefusedError } from '../errors.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { PublishOutcome, ReceivedMessage, Session } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatQuantity } from '../output/units.ts';
import type { Status } from './status.ts';

export interface RetainedRemovalOptions {
  /** Only say what would be deleted. */
  readonly isDryRun: boolean;
  /** How many deletions may be on their way at once; the broker's Receive Maximum holds besides. */
  readonly maxInflight: number | undefined;
}

/** As many as mosquitto's clients have on their way. */
const DEFAULT_INFLIGHT = 20;

export class RetainedRemoval {
  readonly #status: Status;
  readonly #options: RetainedRemovalOptions;
  #session: Session | undefined;
  #removed = 0;
  #inFlight = 0;
  #refused: (PublishOutcome & { readonly topic: string }) | undefined;
  /** Topics whose turn has not come. */
  readonly #queue = new Set<string>();
  /** Topics of which the empty message that deletes may come back to us, because we are subscribed. */
  readonly #echoes = new Set<string>();
  #wake: () => void = () => undefined;

  constructor(status: Status, options: RetainedRemovalOptions) {
    this.#status = status;
    this.#options = options;
  }

  /** The connection to delete over from now on. */
  use(session: Session): void {
    this.#session = session;
    // What was on its way over a lost connection comes again as a retained message, and is deleted then.
    this.#inFlight = 0;
    this.#advance();
  }

  remove(topic: string): void {
    if (this.#options.isDryRun) {
      this.#removed += 1;
      this.#status.warn(`would delete the retained message of ${quote(topic)}`);
      return;
    }
    this.#queue.add(topic);
    this.#advance();
  }

  #advance(): void {
    const session = this.#session;
    if (session === undefined) return;
    const limit = Math.min(this.#options.maxInflight ?? DEFAULT_INFLIGHT, session.info.receiveMaximum);
    for (const topic of this.#queue) {
      if (this.#inFlight >= limit) return;
      this.#queue.delete(topic);
      this.#delete(topic, session);
    }
  }

  #delete(topic: string, session: Session): void {
    this.#echoes.add(topic);
    this.#inFlight += 1;
    session.publish({ topic, payload: Buffer.alloc(0), qos: 1, retain: true }).then(
      (outcome) => {
        if (outcome.reasonCode >= 0x80) this.#refused ??= { ...outcome, topic };
        else this.#removed += 1;
        this.#inFlight -= 1;
        this.#advance();
        this.#wake();
      },
      () => undefined,
    );
  }

  isEcho({ topic, payload, retain }: ReceivedMessage): boolean {
    return !retain && payload.length === 0 && this.#echoes.delete(topic);
  }

  /** Waits for the broker's answers. Throws PublishRefusedError when it refused one. */
  async finish(): Promise<void> {
    while (this.#inFlight > 0 || this.#queue.size > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const what = this.#options.isDryRun ? 'would be deleted' : 'deleted';
    this.#status.progress(`${formatQuantity(this.#removed, 'retained message')} ${what}`);
    if (this.#refused === undefined) return;
    const { topic, reasonCode } = this.#refused;
    throw new PublishRefusedError(
      `the broker refused to delete the retained message of ${quote(topic)}: ${describeReasonCode(reasonCode)}`,
    );
  }
}
