/** What PINGRESP says of messages at QoS 0. */
import { describe, expect, it } from 'vitest';
import { Confirmation } from '../../src/commands/confirmation.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

function confirming() {
  const clock = new FakeClock();
  const answers: (() => void)[] = [];
  const confirmation = new Confirmation(clock, 10_000, () => new Promise((resolve) => answers.push(resolve)));
  const send = (count: number): void => {
    for (let index = 0; index < count; index += 1) confirmation.sent();
  };
  return { clock, answers, confirmation, send };
}

describe('the confirmation of messages at QoS 0', () => {
  it('is asked for every thousand messages, and seldom while one is due', async () => {
    const { clock, answers, confirmation, send } = confirming();
    send(999);
    expect(answers.length).toBe(0);
    send(5001);
    expect(answers.length).toBe(1);
    await clock.advance(5);
    send(1000);
    expect(answers.length).toBe(2);
    answers[0]?.();
    await settle();
    expect(confirmation.unconfirmed).toBe(6000);
    answers[1]?.();
    await settle();
    expect(confirmation.unconfirmed).toBe(0);
    confirmation.stop();
    expect(clock.pendingMs).toEqual([]);
  });

  it('may take long at the end, as long as answers come', async () => {
    const { clock, answers, confirmation, send } = confirming();
    for (let index = 0; index < 3; index += 1) {
      send(1000);
      await clock.advance(5);
    }
    send(1);
    let isConfirmed = false;
    const confirmed = confirmation.confirm().then(() => {
      isConfirmed = true;
    });
    for (const answer of answers.slice(0, 3)) {
      await clock.advance(9000);
      answer();
    }
    await clock.advance(9000);
    expect(isConfirmed).toBe(false);
    answers[3]?.();
    await confirmed;
    expect(clock.pendingMs).toEqual([]);
  });

  it('is given up when none comes', async () => {
    const { clock, confirmation, send } = confirming();
    send(3);
    const failure = confirmation.confirm().catch((error: Error) => error.message);
    await clock.advance(20_000);
    expect(await failure).toBe(
      'the broker did not confirm within 10 s that it had read 3 messages (PINGREQ was not answered)',
    );
    expect(clock.pendingMs).toEqual([]);
  });
});
