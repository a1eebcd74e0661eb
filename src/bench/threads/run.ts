import { InternalError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { Contents } from '../content/content.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { VerifiedDeliveries } from '../record/deliveries.ts';
import { Recorder } from '../record/recorder.ts';
import { checkFirst } from '../scenario/parties.ts';
import { removeRetainedOf } from '../scenario/retained.ts';
import type { BenchRun, BenchWorld } from '../scenario/run.ts';
import { afterAnswer, GRACE_MS, runOnStage } from '../scenario/stage.ts';
import { Crew } from './crew.ts';

/** Runs a benchmark whose publishers and subscribers are divided among threads. */
export async function runInThreads(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock, startThread } = world;
  if (startThread === undefined) throw new InternalError('there is no way to start a thread');
  const contents = new Contents(plan, epochOffsetUsOf(clock));
  const deliveries = new VerifiedDeliveries(plan, contents);
  const recorder = new Recorder(plan, contents, deliveries);
  const run = await runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      const { signal } = ending;
      checkFirst(plan, contents, stage.info);
      const crew = await Crew.start(plan, startThread, clock, {
        onLost: (ended) => ending.byLoss(ended),
        onFailed: (error) => ending.byError(error),
      });
      try {
        const ready = await crew.open(plan, afterAnswer(connection), signal);
        stage.publishers = ready.flatMap(({ publishers }) => publishers);
        // A thread without subscribers was granted the highest.
        for (const { grantedQoS } of ready) if (grantedQoS < stage.grantedQoS) stage.grantedQoS = grantedQoS;
        signal.addEventListener('abort', () => crew.stop());
        stage.begin(crew.progress);
        const end = await crew.run(clock.monotonicMs());
        for (const [index, { deliveries: came, recorder: sent }] of (await crew.report(signal.aborted)).entries()) {
          recorder.absorb(sent, crew.shares[index]?.publishers.from ?? 0);
          deliveries.absorb(came);
        }
        crew.addAccepted(recorder.acceptDelivered());
        return end;
      } finally {
        for (const record of await crew.close(signal.aborted ? GRACE_MS : undefined)) connections.record.absorb(record);
      }
    },
  });
  return removeRetainedOf(run, contents, world);
}
