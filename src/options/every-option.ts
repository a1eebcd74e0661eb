import { benchOptions } from './bench.ts';
import { measureOption, toleranceOption } from './bench-compare.ts';
import { connectionsOption, holdOption, stormOption, subscribeOption } from './bench-conn.ts';
import { benchReportOptions } from './bench-report.ts';
import { requestersOption, respondersOption } from './bench-rr.ts';
import { connectionOptions, maxInflightOption, retryOptions } from './connection.ts';
import { messageOptions } from './message.ts';
import { outputOptions } from './output.ts';
import { latencyOption, requestOptions } from './request.ts';
import type { OptionSpec } from './spec.ts';
import { subscriptionOptions } from './subscription.ts';

/**
 * The options of all commands, for files that several of them share. A test holds it against the commands' own tables,
 * which stand in modules that one command does not load of another.
 */
export const everyOption: readonly OptionSpec[] = [
  ...messageOptions,
  ...subscriptionOptions,
  ...requestOptions,
  latencyOption,
  ...outputOptions,
  ...benchOptions,
  connectionsOption,
  holdOption,
  stormOption,
  subscribeOption,
  requestersOption,
  respondersOption,
  ...benchReportOptions.filter((spec) => !connectionOptions.includes(spec)),
  measureOption,
  toleranceOption,
  maxInflightOption,
  ...retryOptions,
  ...connectionOptions,
];
