/** `mqtt-bench rr`: requests, and the responses to them. [MQTT5 4.10] */
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { subscribeAll } from '../connect/subscribe.ts';
import { Contents } from '../content/content.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import { laneEventsOf, type PublishLane } from '../load/lane.ts';
import { Load } from '../load/load.ts';
import { RequestLane } from '../load/request-lane.ts';
import { type BenchPlan, filterOf } from '../plan/plan.ts';
import { requestFilterOf } from '../plan/rr-plan.ts';
import { VerifiedDeliveries } from '../record/deliveries.ts';
import { Recorder } from '../record/recorder.ts';
import { progressOf } from '../watch/progress.ts';
import { checkFirst, checkLimits, passBarrier } from './parties.ts';
import { Responder } from './responder.ts';
import { Responses } from './responses.ts';
import type { BenchRun, BenchWorld } from './run.ts';
import { GRACE_MS, runOnStage, type Stage } from './stage.ts';

/** Opens responders, then requesters, and sends requests; a response is the delivery that each is due. */
export async function runRr(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock, handlers } = world;
  const contents = new Contents(plan, epochOffsetUsOf(clock));
  const deliveries = new VerifiedDeliveries(plan, contents);
  const recorder = new Recorder(plan, contents, deliveries);
  const responses = new Responses(plan, contents, recorder, deliveries);
  const load = new Load(plan, recorder, clock);
  return runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      checkFirst(plan, contents, stage.info);
      await openResponders(plan, connection, contents, stage, world);
      const requesters = await connections.openMany('requester', plan.publishers, (index) => ({
        ...handlers,
        onMessage: (message) => {
          responses.received(index, message, clock.monotonicMs() * 1000);
          load.wake();
          return undefined;
        },
      }));
      stage.publishers = requesters.map(({ info }) => info);
      const { suback } = connections.record;
      stage.grantedQoS = await subscribeAll(requesters, plan, connection, clock, ending.signal, suback);
      const largest = Buffer.alloc(plan.payload.sizeBytes);
      const lanes = requesters.map((session, index): PublishLane => {
        const content = contents.of(index);
        checkLimits(plan, content.topicOf(0), largest, session.info);
        const wake = (): void => load.wake();
        const events = laneEventsOf(recorder, index, wake, (error) => ending.byError(error));
        return new RequestLane(session, plan, content, filterOf(plan, index), events, clock);
      });
      ending.signal.addEventListener('abort', () => load.stop(GRACE_MS));
      stage.begin(progressOf(recorder, () => connections.openCount));
      load.start(lanes);
      const end = await load.ended;
      // What is still on its way when a run is cut short has had its time.
      if (!ending.signal.aborted) await passBarrier(requesters, clock, ending.signal);
      recorder.acceptDelivered();
      return end;
    },
  });
}

/** Several share one subscription, so that each request goes to one of them. */
async function openResponders(
  plan: BenchPlan,
  connection: ConnectionPlan,
  contents: Contents,
  { connections, ending }: Stage,
  { clock, handlers }: BenchWorld,
): Promise<void> {
  const { responders: count = 0, runId } = plan;
  const responders = Array.from({ length: count }, () => {
    return new Responder(plan, contents.epochOffsetUs, (error) => ending.byError(error));
  });
  const sessions = await connections.openMany('responder', count, (index) => ({
    ...handlers,
    onMessage: (message) => {
      responders[index]?.respond(message);
      return undefined;
    },
  }));
  for (const [index, session] of sessions.entries()) responders[index]?.open(session);
  const filter = requestFilterOf(plan);
  const shared = count > 1 ? `$share/mqtt-bench-${runId}/${filter}` : filter;
  const { suback } = connections.record;
  await subscribeAll(sessions, { ...plan, filter: shared }, connection, clock, ending.signal, suback);
}
