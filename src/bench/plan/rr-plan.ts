import { UsageError } from '../../errors.ts';
import { findTopicNameFault, topicMatches } from '../../mqtt/topic.ts';
import { requestersOption, respondersOption } from '../../options/bench-rr.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { responseTopicOption } from '../../options/request.ts';
import type { RunId } from '../content/probe.ts';
import { type BenchPlan, emptyPlan, filterOf, makeFilter } from './plan.ts';
import { resolveLoad } from './resolve-plan.ts';
import { refuseEmbeddedSharing } from './shared-subscription.ts';

const DEFAULT_RESPONSE_TOPIC = 'mqtt-bench/{run}/response/{publisher}';

/** The plan of `mqtt-bench rr`: requesters are publishers, and each is the subscriber to its own responses. */
export async function resolveRrPlan(values: OptionValues, runId: RunId): Promise<BenchPlan> {
  const requesters = values.get(requestersOption);
  const base: BenchPlan = {
    ...emptyPlan('rr', runId),
    publishers: requesters,
    subscribers: requesters,
    shape: 'pairs',
    responders: values.get(respondersOption),
    window: requesters,
    filter: (values.get(responseTopicOption) ?? DEFAULT_RESPONSE_TOPIC).replaceAll('{run}', runId),
  };
  const plan = await resolveLoad(base, values, false);
  refuseEmbeddedSharing(plan, values);
  checkProperties(plan);
  checkResponseTopics(plan, values);
  return plan;
}

/** The Topic Filter of all requests. */
export function requestFilterOf({ runId, topic }: BenchPlan): string {
  return makeFilter(topic, runId, false);
}

function checkProperties({ properties = {} }: BenchPlan): void {
  const { correlationData, responseTopic, topicAlias } = properties;
  const [name] = [
    ...(responseTopic === undefined ? [] : ['response-topic']),
    ...(correlationData === undefined ? [] : ['correlation-data']),
    ...(topicAlias === undefined ? [] : ['topic-alias']),
  ];
  if (name !== undefined) throw new UsageError(`-D publish ${name}: each request of mqtt-bench rr has its own`);
}

function checkResponseTopics(plan: BenchPlan, values: OptionValues): void {
  const spelled = values.has(responseTopicOption) ? values.spelled(responseTopicOption) : '--response-topic';
  const longest = filterOf(plan, plan.publishers - 1);
  const fault = findTopicNameFault(longest);
  if (fault !== undefined) throw new UsageError(`${spelled}: the longest topic that it gives ${fault.reason}`);
  if (plan.publishers > 1 && !plan.filter?.includes('{publisher}')) {
    throw new UsageError(`${spelled} ${plan.filter}: with more than one requester it must have {publisher}`);
  }
  if (topicMatches(requestFilterOf(plan), longest)) {
    throw new UsageError(
      `${spelled} ${plan.filter}: responses would be taken for requests, which go to ${plan.topic}`,
      'Give the responses a level more, such as -e answers/{publisher}',
    );
  }
}
