import { InternalError } from '../../errors.ts';

/** What became of the deliveries that were due. `expected = delivered + lost`, always. */
export interface DeliveryLedger {
  /** Deliveries due for accepted messages, and those seen of messages that are not known to be accepted. */
  readonly expected: number;
  /** First deliveries. */
  readonly delivered: number;
  readonly lost: number;
  /** Deliveries beyond the first. */
  readonly duplicated: number;
  /** First deliveries whose sequence is below one already delivered from the same publisher to the same subscriber. */
  readonly outOfOrder: number;
}

/** What became of every message. `attempted = accepted + refused + timedOut + inFlight`, always. */
export interface Ledger extends DeliveryLedger {
  /** Handed to a connection. */
  readonly attempted: number;
  /** Acknowledged with success; at QoS 0 the broker answered a PINGREQ that came after them. */
  readonly accepted: number;
  /** Acknowledged with a Reason Code of 0x80 or above. */
  readonly refused: number;
  /** Not acknowledged within the drain time-out. */
  readonly timedOut: number;
  /** Not acknowledged when the run ended, and not waited for in full. */
  readonly inFlight: number;
}

const DELIVERY_COUNTS = ['expected', 'delivered', 'lost', 'duplicated', 'outOfOrder'] as const;
/** What a {@link Ledger} counts of the messages that were sent. */
export const PUBLISH_COUNTS = ['attempted', 'accepted', 'refused', 'timedOut', 'inFlight'] as const;

/** Every count of a {@link Ledger}, in the order in which they are printed. */
export const LEDGER_COUNTS = [...PUBLISH_COUNTS, ...DELIVERY_COUNTS] as const;

/** The ledgers of one run, from both sides. */
export interface Ledgers {
  readonly total: Ledger;
  readonly publishers: readonly Ledger[];
  readonly subscribers: readonly DeliveryLedger[];
}

/** Adds up the counts of several publishers, or runs. */
export function sumLedgers(ledgers: readonly Ledger[]): Ledger {
  return { ...sumCounts(PUBLISH_COUNTS, ledgers), ...sumDeliveries(ledgers) };
}

/** Adds up the counts of several subscribers, or runs. */
export function sumDeliveries(ledgers: readonly DeliveryLedger[]): DeliveryLedger {
  return sumCounts(DELIVERY_COUNTS, ledgers);
}

function sumCounts<K extends string>(
  counts: readonly K[],
  ledgers: readonly Readonly<Record<K, number>>[],
): Record<K, number> {
  const sums = counts.map((count) => [count, ledgers.reduce((sum, ledger) => sum + ledger[count], 0)]);
  return Object.fromEntries(sums) as Record<K, number>;
}

/** Throws InternalError when a ledger does not add up: a number that cannot be true must not be printed. */
export function assertLedgersAddUp({ total, publishers, subscribers }: Ledgers): void {
  assertAddsUp('the run', total);
  for (const [index, ledger] of publishers.entries()) assertAddsUp(`publisher ${index}`, ledger);
  for (const [index, ledger] of subscribers.entries()) assertDeliveriesAddUp(`subscriber ${index}`, ledger);
  // Of publishers that are not of the run nothing is known but what came of them.
  const ofPublishers = publishers.length > 0 ? LEDGER_COUNTS : PUBLISH_COUNTS;
  for (const count of ofPublishers) assertSum('publishers', count, publishers, total);
  for (const count of DELIVERY_COUNTS) assertSum('subscribers', count, subscribers, total);
}

function assertAddsUp(whose: string, ledger: Ledger): void {
  assertNatural(whose, ledger, PUBLISH_COUNTS);
  assertDeliveriesAddUp(whose, ledger);
  const { attempted, accepted, refused, timedOut, inFlight } = ledger;
  if (attempted !== accepted + refused + timedOut + inFlight) {
    fail(
      whose,
      `attempted ${attempted} is not accepted ${accepted} + refused ${refused} + timedOut ${timedOut} + inFlight ${inFlight}`,
    );
  }
}

function assertDeliveriesAddUp(whose: string, ledger: DeliveryLedger): void {
  assertNatural(whose, ledger, DELIVERY_COUNTS);
  const { expected, delivered, lost } = ledger;
  if (expected !== delivered + lost) fail(whose, `expected ${expected} is not delivered ${delivered} + lost ${lost}`);
}

function assertNatural<K extends string>(
  whose: string,
  ledger: Readonly<Record<K, number>>,
  counts: readonly K[],
): void {
  const wrong = counts.find((count) => !Number.isSafeInteger(ledger[count]) || ledger[count] < 0);
  if (wrong !== undefined) fail(whose, `${wrong} is ${ledger[wrong]}`);
}

function assertSum<K extends string>(
  whose: string,
  count: K,
  parts: readonly Readonly<Record<K, number>>[],
  total: Readonly<Record<K, number>>,
): void {
  const sum = parts.reduce((soFar, part) => soFar + part[count], 0);
  if (sum !== total[count]) fail('the run', `${count} is ${total[count]}, and ${sum} over all ${whose}`);
}

function fail(whose: string, what: string): never {
  throw new InternalError(`the ledger of ${whose} does not add up: ${what}`);
}
