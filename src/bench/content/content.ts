/** What the messages of a run hold, and where they go: made anew, and the same, for any publisher and message. */
import type { BenchPlan } from '../plan/plan.ts';
import { PROBE_HEADER_BYTES, ProbeWriter } from './probe.ts';
import { parseTemplate, Template, variesByMessage } from './template.ts';

/** Makes the topics and payloads of one publisher. */
export interface Content {
  /** The same string object for each message where the template has nothing that varies by message, so that its encoding can be kept. */
  topicOf(sequence: number): string;
  /** Bytes of the payload of a message. */
  sizeOf(sequence: number): number;
  /** Writes the payload at `at`; exactly sizeOf(sequence) bytes. Times in microseconds of the run's clock. */
  write(target: Buffer, at: number, sequence: number, dueUs: number, sentUs: number): void;
}

/** What of a plan decides about content. */
export type ContentPlan = Pick<
  BenchPlan,
  'scenario' | 'runId' | 'seed' | 'topic' | 'topics' | 'payload' | 'payloadBytes' | 'publishers' | 'messages'
>;

const FILLER = 0x78;
/** So that the random numbers of a topic are not those of its payload. */
const TOPIC_SALT = 0;
const PAYLOAD_SALT = 1000;
/** Up to so many topics of all publishers the strings are kept: one object each, and no work. */
const MOST_KEPT_TOPICS = 100_000;

/** Whether payloads start with the header by which deliveries are verified; where they need not, they are as given. */
export function hasHeader({ payload, scenario }: Pick<BenchPlan, 'payload' | 'scenario'>): boolean {
  if (scenario === 'pubsub' || scenario === 'rr') return true;
  return scenario === 'pub' && payload.kind === 'filler' && payload.sizeBytes >= PROBE_HEADER_BYTES;
}

/** The content of every publisher of a run; what is the same for all of them is made once. */
export class Contents {
  readonly #plan: ContentPlan;
  /** To be added to times of the run's clock, that they count from the Unix epoch; microseconds. */
  readonly epochOffsetUs: number;
  readonly #topic: Template;
  /** Every so many messages of a publisher the same topics come again; infinite where each may have its own. */
  readonly topicPeriod: number;
  readonly #topicVaries: 'never' | 'by-topic' | 'always';
  readonly #headerBytes: number;
  /** What follows the header, where that is the same for all. */
  readonly #body: Uint8Array | undefined;
  readonly #template: Template | undefined;

  constructor(plan: ContentPlan, epochOffsetUs: number) {
    const { payload, runId, topic, topics } = plan;
    this.#plan = plan;
    this.epochOffsetUs = epochOffsetUs;
    const pieces = parseTemplate(topic, 'topic', runId);
    this.#topic = new Template(pieces, plan, TOPIC_SALT);
    const isEach = pieces.some((piece) => typeof piece !== 'string' && (piece.name === 'i' || piece.name === 'rand'));
    this.topicPeriod = isEach ? Number.POSITIVE_INFINITY : variesByMessage(pieces) ? topics : 1;
    const byTopic = topics * plan.publishers <= MOST_KEPT_TOPICS ? 'by-topic' : 'always';
    this.#topicVaries = isEach ? 'always' : variesByMessage(pieces) ? byTopic : 'never';
    this.#headerBytes = hasHeader(plan) ? PROBE_HEADER_BYTES : 0;
    if (payload.kind === 'template') {
      this.#template = new Template(parseTemplate(payload.source ?? '', 'payload', runId), plan, PAYLOAD_SALT);
    } else {
      this.#body = plan.payloadBytes ?? Buffer.alloc(Math.max(0, payload.sizeBytes - this.#headerBytes), FILLER);
    }
  }

  /** Bytes of the payload of one message. */
  sizeOf(publisher: number, sequence: number): number {
    return this.#headerBytes + (this.#body?.length ?? this.#template?.sizeOf(publisher, sequence) ?? 0);
  }

  of(publisher: number): Content {
    const probe = this.#headerBytes > 0 ? new ProbeWriter(this.#plan.runId, publisher, this.epochOffsetUs) : undefined;
    return {
      topicOf: this.#topicsOf(publisher),
      sizeOf: (sequence) => this.sizeOf(publisher, sequence),
      write: this.#body === undefined ? this.#writeTemplate(publisher, probe) : this.#writeBody(this.#body, probe),
    };
  }

  #topicsOf(publisher: number): Content['topicOf'] {
    const template = this.#topic;
    if (this.#topicVaries === 'always') return (sequence) => template.textOf(publisher, sequence);
    const count = this.#topicVaries === 'never' ? 1 : this.#plan.topics;
    const kept: string[] = [];
    return (sequence) => {
      const index = sequence % count;
      const topic = kept[index] ?? template.textOf(publisher, index);
      kept[index] = topic;
      return topic;
    };
  }

  #writeBody(body: Uint8Array, probe: ProbeWriter | undefined): Content['write'] {
    if (probe === undefined) return (target, at) => target.set(body, at);
    return (target, at, sequence, dueUs, sentUs) => {
      probe.write(target, at, sequence, dueUs, sentUs);
      target.set(body, at + PROBE_HEADER_BYTES);
    };
  }

  #writeTemplate(publisher: number, probe: ProbeWriter | undefined): Content['write'] {
    const headerBytes = this.#headerBytes;
    return (target, at, sequence, dueUs, sentUs) => {
      probe?.write(target, at, sequence, dueUs, sentUs);
      const epochMs = (sentUs + this.epochOffsetUs) / 1000;
      this.#template?.write(target, at + headerBytes, publisher, sequence, epochMs);
    };
  }
}
