import type { ReceivedMessage } from '../../mqtt/session.ts';
import type { Contents } from '../content/content.ts';
import { PROBE_HEADER_BYTES, ProbeReader } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { VerifiedDeliveries } from '../record/deliveries.ts';
import type { Recorder } from '../record/recorder.ts';

/**
 * Takes the responses that come to the requesters. What identifies a response is the header of its request: in MQTT 5
 * the Correlation Data, before it the start of the payload. A responder of this process gives back the whole payload.
 */
export class Responses {
  readonly #contents: Contents;
  readonly #recorder: Recorder;
  readonly #deliveries: VerifiedDeliveries;
  readonly #isOwn: boolean;
  readonly #probe: ProbeReader;
  /** Stands in for the payload that another responder has replaced. */
  readonly #request: Buffer;

  constructor(plan: BenchPlan, contents: Contents, recorder: Recorder, deliveries: VerifiedDeliveries) {
    this.#contents = contents;
    this.#recorder = recorder;
    this.#deliveries = deliveries;
    this.#isOwn = plan.responders !== 0;
    this.#probe = new ProbeReader(contents.epochOffsetUs);
    this.#request = Buffer.alloc(plan.payload.sizeBytes);
  }

  received(requester: number, { payload, properties }: ReceivedMessage, nowUs: number): void {
    const header = properties === undefined ? payload.subarray(0, PROBE_HEADER_BYTES) : properties.correlationData;
    if (header === undefined || !this.#probe.read(header, 0, header.length)) {
      this.#deliveries.foreign += 1;
    } else if (!this.#isOwn) {
      const { publisher, sequence } = this.#probe;
      this.#request.set(header.subarray(0, PROBE_HEADER_BYTES));
      this.#recorder.received(requester, this.#request, nowUs, 0, this.#contents.sizeOf(publisher, sequence));
    } else if (header.length === PROBE_HEADER_BYTES && payload.subarray(0, PROBE_HEADER_BYTES).equals(header)) {
      this.#recorder.received(requester, payload, nowUs);
    } else {
      this.#deliveries.altered += 1;
    }
  }
}
