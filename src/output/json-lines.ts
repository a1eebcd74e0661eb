/**
 * One JSON object a line for each message: `docs/json/message.schema.json`, described in `docs/output-format.md`.
 * Nothing is lost: a payload that is not UTF-8 comes in base64, and the object is enough to publish the message again
 * (with `--parse-json`: the same JSON value, perhaps with other white space).
 */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties, ReceivedMessage } from '../mqtt/session.ts';
import { escapeControlsInJson } from './escape.ts';
import type { Formatter } from './formatter.ts';
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

  constructor(options: JsonLinesOptions) {
    this.#options = options;
  }

  format(message: ReceivedMessage, receivedMs: number): Buffer {
    const { topic, qos, retain, dup, payload, properties } = message;
    // biome-ignore lint/style/noRestrictedGlobals: a conversion of the time given, not a look at the clock
    const time = new Date(receivedMs).toISOString();
    const head = JSON.stringify({
      v: FORMAT_VERSION,
      time,
      topic,
      qos,
      retain,
      dup,
      size: payload.length,
    });
    const body = this.#formatPayload(message);
    const tail = properties === undefined ? '' : `,"properties":${formatProperties(properties)}`;
    const line = `${head.slice(0, -1)},${body}${tail}}`;
    return Buffer.from(`${this.#options.forTerminal ? escapeControlsInJson(line) : line}\n`);
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

function formatProperties({ correlationData, ...properties }: MessageProperties): string {
  return JSON.stringify({
    ...properties,
    ...(correlationData !== undefined && { correlationData: correlationData.toString('base64') }),
  });
}
