/** What `mqtt-bench pub` takes: no subscribers, and so nothing of them. */
import {
  benchJsonOption,
  benchQosOption,
  drainTimeoutOption,
  messagesOption,
  publishersOption,
  windowOption,
} from './bench.ts';
import { benchConnectionOptions } from './bench-connections.ts';
import { contentOptions } from './bench-content.ts';
import { pacingOptions, workersOption } from './bench-load.ts';
import { findMaxOption, verdictOptions } from './bench-verdict.ts';
import { watchOptions } from './bench-watch.ts';
import { connectionOptions } from './connection.ts';
import type { OptionSpec } from './spec.ts';

/** Everything that `mqtt-bench pub` takes, in the order of the help. */
export const benchPubOptions: readonly OptionSpec[] = [
  messagesOption,
  ...pacingOptions,
  findMaxOption,
  benchQosOption,
  publishersOption,
  workersOption,
  windowOption,
  drainTimeoutOption,
  ...contentOptions,
  ...verdictOptions,
  benchJsonOption,
  ...watchOptions,
  ...benchConnectionOptions,
  ...connectionOptions,
];
