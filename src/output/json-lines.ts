/**
 * One JSON object a line for each message: `docs/json/message.schema.json`, described in `docs/output-format.md`.
 * Nothing is lost: a payload that is not UTF-8 comes in base64, and the object is enough to publish the message again
 * (with `--parse-json`: the same JSON value, perhaps with other white space).
 */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties, ReceivedMessage } from '../mqtt/session.ts';
import { escapeControlsInJson } from './escape.ts';
import type { Formatter } from './formatter.ts';
import type { Gathered } from './gathered.ts';
import { withoutWhiteSpace } from './json-scan.ts';

/** Version of the format, in the field `v`. */
const FORMAT_VERSION = 1;

export interface JsonLinesOptions {
  /** Payloads that are JSON stand in place, as they are, instead of in a string. */
  readonly parseJson: boolean;
  /** Characters that JSON allows but that could act on a terminal become `\u` escapes. */
  readonly forTerminal: boolean;
  /** Told of a payload that `parseJson` could not parse; without it such a payload comes as a string. */
  readonly onFault?: (text: string) => void;
}

export class JsonLines implements Formatter {
  readonly #options: JsonLinesOptions;
  #second = Number.NaN;
  #timeOfSecond = '';
  #topic = '';
  #quotedTopic = '""';

  constructor(options: JsonLinesOptions) {
    this.#options = options;
  }

  format(message: ReceivedMessage, receivedMs: number): Buffer {
    return Buffer.from(this.#formatLine(message, receivedMs));
  }

  append(message: ReceivedMessage, receivedMs: number, gathered: Gathered): void {
    gathered.addText(this.#formatLine(message, receivedMs));
  }

  #formatLine(message: ReceivedMessage, receivedMs: number): string {
    const { qos, retain, dup, payload, properties } = message;
    const head = `{"v":${FORMAT_VERSION},"time":"${this.#formatTime(receivedMs)}","topic":${this.#quoteTopic(message.topic)}`;
    const flags = `"qos":${qos},"retain":${retain},"dup":${dup},"size":${payload.length}`;
    const body = this.#formatPayload(message);
    const tail = properties === undefined ? '' : `,"properties":${formatProperties(properties)}`;
    const line = `${head},${flags},${body}${tail}}`;
    return `${this.#options.forTerminal ? escapeControlsInJson(line) : line}\n`;
  }

  /** Most of it stays the same for a second. */
  #formatTime(receivedMs: number): string {
    const second = Math.floor(receivedMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      // biome-ignore lint/style/noRestrictedGlobals: a conversion of the time given, not a look at the clock
      this.#timeOfSecond = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    }
    const milliseconds = Math.floor(receivedMs) - second * 1000;
    return `${this.#timeOfSecond}${milliseconds < 10 ? '00' : milliseconds < 100 ? '0' : ''}${milliseconds}Z`;
  }

  /** Most often it is that of the message before. */
  #quoteTopic(topic: string): string {
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#quotedTopic = JSON.stringify(topic);
    }
    return this.#quotedTopic;
  }

  #formatPayload({ topic, payload }: ReceivedMessage): string {
    const { parseJson, onFault } = this.#options;
    const text = isUtf8(payload) ? payload.toString() : undefined;
    if (parseJson) {
      if (text !== undefined && isJson(text)) return `"encoding":"json","payload":${withoutWhiteSpace(text)}`;
      onFault?.(`the message on ${topic} is not JSON (--parse-json)`);
    }
    if (text === undefined) return `"encoding":"base64","payload":"${payload.toString('base64')}"`;
    return `"encoding":"utf8","payload":${JSON.stringify(text)}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function formatProperties(all: MessageProperties): string {
  if (isEmpty(all)) return '{}';
  const { correlationData, ...properties } = all;
  return JSON.stringify({
    ...properties,
    ...(correlationData !== undefined && { correlationData: correlationData.toString('base64') }),
  });
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}
