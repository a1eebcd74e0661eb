/** A broker, a proxy for either client, and a publisher: what every case of a file shares. */
import { afterAll, beforeAll } from 'vitest';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { openRawPublisher, type RawPublisher } from './raw-publisher.ts';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';

export interface World {
  readonly broker: Mosquitto;
  readonly publisher: RawPublisher;
  /** The way of mosquitto's client to the broker. */
  readonly theirs: RecordingProxy;
  /** The way of our client to the broker. */
  readonly ours: RecordingProxy;
}

/** Its parts may be asked for inside tests only. */
export function shareWorld(): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    const broker = await startMosquitto({ settings: ['set_tcp_nodelay true'] });
    const [theirs, ours] = await Promise.all([startRecordingProxy(broker.port), startRecordingProxy(broker.port)]);
    const publisher = await openRawPublisher(broker.port);
    await publisher.subscribe('w/#');
    await publisher.subscribe('r/+');
    world = { broker, theirs, ours, publisher };
  });
  afterAll(async () => {
    world?.publisher.close();
    await Promise.all([world?.theirs.close(), world?.ours.close()]);
    await world?.broker.remove();
  });
  return () => {
    if (world === undefined) throw new Error('the broker is started when the tests start');
    return world;
  };
}
