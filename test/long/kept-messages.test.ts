/** mqtt-sub that is killed two hundred times while it reads: what its outputs hold together. */
import { expect, it } from 'vitest';
import { readOverKills } from '../support/kill-reading.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';

const KILLS = 200;
const LINES_EACH = 500;

describeWith(['mosquitto', 'mosquitto_pub'], '100,000 messages through two hundred readers that are killed', () => {
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0'] });

  it.each(['1', '2'] as const)('at QoS %s', async (qos) => {
    const killing = { qos, kills: KILLS, linesEach: LINES_EACH, seed: 10 + Number(qos) } as const;
    const delivery = await readOverKills(mosquitto.broker, killing);
    console.log(`QoS ${qos}: ${KILLS} kills of the reader, ${JSON.stringify(delivery)}`);
    expect(delivery).toMatchObject({ lost: 0, isInOrder: true });
  });
});
