import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { TimeLimitError, UsageError } from '../errors.ts';
import { type PayloadSource, readLines, readPayload, resolvePayloadSource } from '../input/payload-source.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { maximumPayloadBytes } from '../mqtt/limits.ts';
import type { Session } from '../mqtt/session.ts';
import { connectionOptions, maxInflightOption, quietOption } from '../options/connection.ts';
import * as message from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { textOutputOptions } from '../options/output.ts';
import { propertiesFor, refusePropertiesOf } from '../options/properties.ts';
import * as options from '../options/request.ts';
import {
  noRetainedOption,
  retainAsPublishedOption,
  retainHandlingOption,
  timeLimitOption,
} from '../options/subscription.ts';
import { PrintSink } from '../output/sink.ts';
import { formatDurationMs, formatQuantity } from '../output/units.ts';
import { Writer } from '../output/writer.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { makeFormatter } from './formatting.ts';
import { openPatiently, resolvePatience } from './reconnecting.ts';
import { Requesting, type RequestingOptions } from './requesting.ts';
import { makeTrace, Status, warnBefore5 } from './status.ts';

export const rrCommand: Command = {
  name: 'mqtt-rr',
  summary: 'publish a request and print the answer',
  synopsis: '[URL] -t TOPIC -e RESPONSE_TOPIC (-m MESSAGE | -f FILE | -s | -n | --each-line) [options]',
  options: [
    ...options.requestOptions,
    ...textOutputOptions,
    options.latencyOption,
    maxInflightOption,
    ...connectionOptions,
  ],
  examples: [
    { says: 'ask, and wait at most five seconds', typed: 'mqtt-rr -t service/time -e reply/1 -m now -W 5' },
    { says: 'how long did the answer take?', typed: 'mqtt-rr -t service/time -e reply/1 -n --latency' },
    {
      says: 'a request for each line, two seconds for each answer',
      typed: 'mqtt-rr -t lookup -e reply/1 --each-line --request-timeout 2s < names.txt',
    },
  ],
  needsArguments: () => true,
  run,
};

interface RequestPlan {
  readonly requesting: RequestingOptions;
  readonly source: PayloadSource;
}

function planRequest(values: OptionValues): RequestPlan {
  const topic = values.get(message.topicOption);
  const responseTopic = values.get(options.responseTopicOption);
  if (topic === undefined) throw new UsageError('there is no topic to send the request to', 'Give one: -t TOPIC');
  if (responseTopic === undefined) throw new UsageError('there is no topic for the answer', 'Give one: -e TOPIC');
  refusePropertiesOf(['unsubscribe'], values, 'mqtt-rr');
  const properties = propertiesFor('publish', values);
  if (properties?.responseTopic !== undefined) {
    throw new UsageError('-D publish response-topic and -e both give the Response Topic', 'Leave the first away.');
  }
  const qos = values.get(message.qosOption);
  const retainHandling = values.get(retainHandlingOption) ?? (values.get(noRetainedOption) ? 2 : undefined);
  return {
    source: resolveSource(values),
    requesting: {
      message: { topic, qos, retain: false, ...(properties && { properties }) },
      responseTopic,
      subscription: {
        filter: responseTopic,
        qos,
        retainAsPublished: values.get(retainAsPublishedOption),
        ...(retainHandling !== undefined && { retainHandling }),
      },
      subscribeProperties: propertiesFor('subscribe', values),
      requestTimeoutMs: values.get(options.requestTimeoutOption),
      timeLimitMs: values.get(timeLimitOption),
      isStrict: values.get(options.strictResponseOption),
      showsLatency: values.get(options.latencyOption),
    },
  };
}

function resolveSource(values: OptionValues): PayloadSource {
  if (!values.get(options.eachLineOption)) return resolvePayloadSource(values);
  const other = [message.messageOption, message.fileOption, message.stdinFileOption, message.nullMessageOption].find(
    (spec) => values.has(spec),
  );
  if (other)
    throw new UsageError(`${values.spelled(other)} and --each-line both give the request`, 'Give one of them.');
  return { kind: 'lines' };
}

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const plan = planRequest(values);
  const status = new Status('mqtt-rr', context, values.get(quietOption));
  const formatter = await makeFormatter(values, context, { onFault: (text) => status.warn(text), isStrict: false });
  await withBroker(values, context, 'mqtt-rr', async (connection) => {
    const writer = new Writer(context.stdout);
    const requesting = new Requesting(context, new PrintSink(formatter, writer, context), writer, plan.requesting);
    await askAll(plan, connection, requesting, values, context, status);
  });
  return ExitCode.ok;
}

async function askAll(
  { source, requesting: { message: request, requestTimeoutMs } }: RequestPlan,
  connection: ConnectionPlan,
  requesting: Requesting,
  values: OptionValues,
  context: Context,
  status: Status,
): Promise<void> {
  const maxBytes = maximumPayloadBytes(request.topic);
  const payload =
    source.kind === 'lines' ? undefined : await requesting.unlessGivenUp(readPayload(source, context, maxBytes));
  const session = await open(connection, requesting, values, context, status);
  warnBefore5(status, onlyVersion5(values), session.info);
  let isAnswered = false;
  try {
    await requesting.subscribe(session);
    const payloads = payload === undefined ? requesting.unlessGivenUpEach(readLines(context, maxBytes)) : [payload];
    let asked = 0;
    let unanswered = 0;
    try {
      for await (const one of payloads) {
        asked += 1;
        if (await requesting.request(one)) continue;
        unanswered += 1;
        if (source.kind === 'lines')
          status.warn(`no answer to request ${asked} within ${formatDurationMs(requestTimeoutMs ?? 0)}`);
      }
    } catch (error) {
      if (!requesting.isSatisfied) throw error;
    }
    if (unanswered > 0) throw describeUnanswered(unanswered, asked, requestTimeoutMs ?? 0);
    isAnswered = true;
  } finally {
    // On an early end the Will is published, as for mosquitto_rr; after the answer it is not. [MQTT5 3.14.2.1]
    await session.close(isAnswered ? 0x00 : 0x04, propertiesFor('disconnect', values));
  }
}

function onlyVersion5(values: OptionValues): readonly string[] {
  return [retainAsPublishedOption, retainHandlingOption, options.strictResponseOption]
    .filter((spec) => values.has(spec))
    .map((spec) => values.spelled(spec));
}

function describeUnanswered(unanswered: number, asked: number, timeoutMs: number): TimeLimitError {
  const within = formatDurationMs(timeoutMs);
  if (asked === 1) return new TimeLimitError(`no answer within ${within} (--request-timeout)`);
  return new TimeLimitError(`${unanswered} of ${formatQuantity(asked, 'request')} had no answer within ${within}`);
}

function open(
  connection: ConnectionPlan,
  requesting: Requesting,
  values: OptionValues,
  context: Context,
  status: Status,
): Promise<Session> {
  const handlers = { ...requesting.handlers, ...makeTrace('mqtt-rr', values, context) };
  return openPatiently(context, status, resolvePatience(values))(connection, handlers);
}
