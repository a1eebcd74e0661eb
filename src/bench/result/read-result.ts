/** Result files, as `--out` and `--json` write them: read, and held to be what they say. */
import schema from '../../../docs/json/bench-result.schema.json' with { type: 'json' };
import type { Context } from '../../cli/context.ts';
import { UndecodableError } from '../../errors.ts';
import { readAll } from '../../input/standard-input.ts';
import { readNamedFile } from '../../options/files.ts';
import { quote } from '../../output/escape.ts';
import { assertLedgersAddUp, LEDGER_COUNTS, sumLedgers } from '../record/ledger.ts';
import { parseAssertions } from './assertions.ts';
import { decodeHistogram } from './histogram.ts';
import { findMismatch, type JsonSchema } from './json-schema.ts';
import { type BenchResult, LATENCIES } from './result.ts';

/** A larger file is no result: the longest series of samples and the histograms of all repeats are far below. */
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * Reads `path`; `-` is standard input, which is left alone otherwise. Throws UsageError for a file that cannot be read,
 * InputError for standard input that cannot, UndecodableError for what is no result.
 */
export async function readResult(path: string, context: Pick<Context, 'stdin'>): Promise<BenchResult> {
  if (path === '-') return parseResult(await readAll(context.stdin), 'standard input');
  return parseResult(await readNamedFile('FILE', path), path);
}

/** `name`: of where the text is from. Throws UndecodableError that says what is wrong with it. */
export function parseResult(text: string | Buffer, name: string): BenchResult {
  const fail = (what: string, hint?: string): never => {
    throw new UndecodableError(`${quote(name)} ${what}`, hint);
  };
  if (text.length > MOST_BYTES) fail('is too large to be a result');
  const value = parseJson(text.toString());
  if (value === undefined) return fail('is not JSON, or not all of it', HINT);
  const version = versionOf(value);
  if (version === undefined) return fail('is no result of mqtt-bench', HINT);
  if (version !== schema.properties.v.const) {
    return fail(
      `has version ${version} of the result format; this mqtt-bench reads version ${schema.properties.v.const}`,
    );
  }
  const mismatch = findMismatch(schema as JsonSchema, value) ?? findContradiction(value as BenchResult);
  if (mismatch !== undefined) return fail(`is a damaged result: ${mismatch}`);
  return value as BenchResult;
}

const HINT = 'mqtt-bench writes one with --out FILE.json, and prints it with --json.';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function versionOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('v' in value) || !('ledger' in value)) return undefined;
  return typeof value.v === 'number' ? value.v : undefined;
}

/** What a result says that cannot be true. */
function findContradiction(result: BenchResult): string | undefined {
  const { connections, ledger, perPublisher, perSubscriber, repeats, thresholds } = result;
  try {
    assertLedgersAddUp({ total: ledger, publishers: perPublisher, subscribers: perSubscriber });
  } catch (error) {
    return (error as Error).message;
  }
  if (connections.attempted !== connections.connected + connections.failed) {
    return `connections attempted ${connections.attempted} are not connected ${connections.connected} + failed ${connections.failed}`;
  }
  if (repeats.length > 0) {
    const sum = sumLedgers(repeats.map((repeat) => repeat.ledger));
    const wrong = LEDGER_COUNTS.find((count) => sum[count] !== ledger[count]);
    if (wrong !== undefined) return `${wrong} is ${ledger[wrong]}, and ${sum[wrong]} over all repeats`;
  }
  for (const { assertion } of thresholds) {
    try {
      parseAssertions(assertion);
    } catch (error) {
      return `the threshold ${quote(assertion)}: ${(error as Error).message}`;
    }
  }
  return [result, ...repeats].flatMap(({ latency }) => findDamagedHistogram(latency) ?? [])[0];
}

function findDamagedHistogram(latency: BenchResult['latency']): string | undefined {
  for (const name of LATENCIES) {
    try {
      decodeHistogram(latency[name]);
    } catch (error) {
      return `latency.${name}: ${(error as Error).message}`;
    }
  }
  return undefined;
}
