import { describe, expect, it } from 'vitest';
import { diagnose, type Evidence } from '../../../src/bench/diagnosis/diagnosis.ts';
import {
  findNagle,
  findPlateau,
  findSilences,
  heldUpTogether,
  mayBeHeldBack,
} from '../../../src/bench/diagnosis/plateau.ts';
import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import type { Recorder } from '../../../src/bench/record/recorder.ts';
import { HOLDS, type Hold, ScheduleRecord } from '../../../src/bench/record/schedule-record.ts';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { readStored } from '../support/stored.ts';

const NO_EVIDENCE: Evidence = { plateau: undefined, embedded: false };
const lossy = readStored('lossy');
/** A result about which there is nothing to say. */
const plain: BenchResult = { ...readStored('lossless'), config: { ...lossy.config, window: 20 } };

function diagnosed(result: BenchResult, evidence: Partial<Evidence> = {}): Record<string, string> {
  return Object.fromEntries(
    diagnose(result, { ...NO_EVIDENCE, ...evidence }).map(({ code, sentence }) => [code, sentence]),
  );
}

function lossyWith(differs: {
  readonly broker?: Partial<BenchResult['broker']>;
  readonly config?: Partial<BenchResult['config']>;
  readonly ledger?: Partial<BenchResult['ledger']>;
  readonly outcome?: BenchResult['outcome'];
}): BenchResult {
  return {
    ...lossy,
    broker: { ...lossy.broker, ...differs.broker },
    config: { ...lossy.config, ...differs.config },
    ledger: { ...lossy.ledger, ...differs.ledger },
    outcome: differs.outcome ?? lossy.outcome,
  };
}

describe('the diagnosis', () => {
  it('says nothing without evidence', () => {
    expect(diagnosed(plain)).toEqual({});
  });

  it('names the queue limits of mosquitto for losses with a window beyond them', () => {
    const sentence =
      'holds 20 + 1,000 messages for a subscriber by default (max_inflight_messages, max_queued_messages) and drops what comes beyond, although it accepts it. Use --window 1000, or set max_queued_messages 0.';
    expect(diagnosed(lossy)).toEqual({ 'mosquitto-queue-limits': `mosquitto ${sentence}` });
    expect(diagnosed(lossyWith({ broker: { name: null } }))).toEqual({
      'mosquitto-queue-limits': `If the broker is mosquitto: it ${sentence}`,
    });
  });

  it.each([
    ['another broker', { broker: { name: 'EMQX' } }],
    ['a window within them, with a broker that may be another', { config: { window: 1000 }, broker: { name: null } }],
    ['QoS 0 deliveries', { broker: { grantedQoS: 0 }, config: { qos: 0 } }],
    ['no loss', { ledger: { lost: 0 } }],
    ['a run that was cut short', { outcome: { kind: 'interrupted', signal: 'SIGINT' } }],
    ['a connection that was lost', { outcome: { kind: 'connection-lost', role: 'subscriber', index: 0, reason: '' } }],
  ] as const)('does not blame the queue limits for %s', (_, differs) => {
    expect(diagnosed(lossyWith(differs))).toEqual({});
  });

  it('blames the queue limits in sub only where a subscriber got as much as they let through', () => {
    const codesWith = (delivered: number): string[] => {
      const ledger = { expected: 3000, delivered, lost: 3000 - delivered, duplicated: 0, outOfOrder: 0 };
      const differs = { config: { scenario: 'sub', window: null }, ledger } as const;
      return Object.keys(diagnosed({ ...lossyWith(differs), perSubscriber: [ledger] }));
    };
    expect(codesWith(1019)).toEqual([]);
    expect(codesWith(1020)).toEqual(['mosquitto-queue-limits']);
  });

  it('names what lets fewer messages be on their way', () => {
    const remedyOf = (config: Partial<BenchResult['config']>): string | undefined =>
      /accepts it\. (.*), or set/.exec(diagnosed(lossyWith({ config }))['mosquitto-queue-limits'] ?? '')?.[1];
    expect(remedyOf({ flood: true, window: 1000 })).toBe('Leave --flood away');
    expect(remedyOf({ scenario: 'sub', window: null })).toBe('Publish less at a time');
    expect(remedyOf({ window: null, rate: 5000 })).toBe('Use a lower --rate');
    expect(remedyOf({ window: 1020 })).toBe('Use --window 1000');
  });

  it('names lower limits than the defaults for a window within those', () => {
    expect(diagnosed(lossyWith({ config: { window: 1000 } }))).toEqual({
      'mosquitto-queue-limits':
        'mosquitto holds 20 + 1,000 messages for a subscriber by default (max_inflight_messages, max_queued_messages); what comes beyond it drops, although it accepts it. --window 1000 is within that, so that this one may be set to hold less. Use a smaller --window, such as 250, or set max_queued_messages 0.',
    });
  });

  describe('a missed schedule', () => {
    const diagnosedAt = (schedule: ScheduleRecord, config: Partial<BenchResult['config']> = {}): string | undefined => {
      const result = { ...readStored('lossless'), config: { ...readStored('lossless').config, rate: 100, ...config } };
      const found = diagnose(result, { plateau: undefined, embedded: false, schedule });
      return found.find(({ code }) => code === 'missed-schedule')?.sentence;
    };
    const recordOf = (
      onTime: number,
      late: Partial<Record<Hold, number>>,
      unsent: Partial<Record<Hold, number>> = {},
    ): ScheduleRecord => {
      const schedule = new ScheduleRecord();
      for (let count = 0; count < onTime; count += 1) schedule.sent(10_000, 'generator');
      for (const hold of HOLDS)
        for (let count = 0; count < (late[hold] ?? 0); count += 1) schedule.sent(1_234_000, hold);
      Object.assign(schedule.unsent, unsent);
      return schedule;
    };

    it('is told with figures and what held the messages', () => {
      expect(diagnosedAt(recordOf(90, { connection: 10 }))).toBe(
        'The schedule was missed: of 100 messages that were due 10 were sent more than 10 ms late, the latest by 1.2 s, for the broker had not read what was sent before. endToEnd counts from when they were due.',
      );
      expect(diagnosedAt(recordOf(90, { connection: 4, generator: 6 }))).toMatch(/, for mqtt-bench itself was late/);
      expect(diagnosedAt(recordOf(0, { 'receive-maximum': 9 }, { 'receive-maximum': 91 }))).toMatch(
        /of 100 messages that were due 9 were sent more than .*, and 91 were never sent, for the broker had not acknowledged/,
      );
      expect(diagnosedAt(recordOf(100, {}, { generator: 1 }))).toMatch(/that were due 1 was never sent/);
    });

    it('names what held those that were never sent, and not only those that were late', () => {
      expect(diagnosedAt(recordOf(90, { generator: 6 }, { 'receive-maximum': 200 }))).toMatch(
        /and 200 were never sent, for the broker had not acknowledged/,
      );
    });

    it('is not told of what was due in the last moment of a run that was cut short', () => {
      const cut = {
        ...plain,
        config: { ...plain.config, rate: 100 },
        outcome: { kind: 'interrupted', signal: 'SIGINT' },
      } as const;
      const codesAt = (schedule: ScheduleRecord): string[] =>
        Object.keys(diagnosed(cut, { schedule })).filter((code) => code === 'missed-schedule');
      expect(codesAt(recordOf(990, {}, { generator: 10 }))).toEqual([]);
      expect(codesAt(recordOf(990, {}, { generator: 11 }))).toEqual(['missed-schedule']);
    });

    it('is not told of a few late messages, nor of a closed loop', () => {
      expect(diagnosedAt(recordOf(990, { generator: 10 }))).toBeUndefined();
      expect(diagnosedAt(recordOf(989, { generator: 11 }))).toBeDefined();
      expect(diagnosedAt(recordOf(0, { generator: 10 }), { rate: null })).toBeUndefined();
    });
  });

  it('says that retained messages were not retained, or are still there', () => {
    const config = { ...plain.config, retain: true };
    const broker = { ...plain.broker, retainAvailable: false };
    expect(diagnosed({ ...plain, config, broker })).toEqual({
      'retain-unavailable':
        'The broker does not retain messages (Retain Available): they were published without RETAIN.',
    });
    expect(diagnosed({ ...plain, broker })).toEqual({});
    expect(Object.keys(diagnosed(plain, { retainedLeft: 1 }))).toEqual(['retained-left']);
  });

  it('names the limit of mosquitto for QoS 2 messages of one publisher, which only MQTT 5 tells', () => {
    const atQoS2 = { config: { qos: 2, window: 1000 }, broker: { grantedQoS: 2 } } as const;
    expect(diagnosed(lossyWith(atQoS2))).toEqual({
      'mosquitto-inflight-limit':
        'mosquitto takes 20 QoS 2 messages of a publisher at a time by default (max_inflight_messages) and drops what comes beyond; before MQTT 5 it cannot say so. Use -V 5, or --window 40.',
    });
    const within = diagnosed(lossyWith({ ...atQoS2, config: { qos: 2, window: 20, publishers: 1 } }));
    expect(within).not.toHaveProperty('mosquitto-inflight-limit');
    const canRefuse = {
      config: { ...atQoS2.config, publishers: 1 },
      broker: { grantedQoS: 2, protocol: '5' },
    } as const;
    expect(diagnosed(lossyWith(canRefuse))).not.toHaveProperty('mosquitto-inflight-limit');
  });

  it('lists refusals with Reason Code and the words of the broker', () => {
    const refusals = [
      { reasonCode: 0x97, reason: 'Quota exceeded (0x97)', reasonString: 'enough', count: 1200 },
      { reasonCode: 0x87, reason: 'Not authorized (0x87)', reasonString: null, count: 1 },
    ];
    expect(diagnosed({ ...plain, refusals })).toEqual({
      refused: 'The broker refused 1,200 messages: Quota exceeded (0x97) "enough"; 1 message: Not authorized (0x87).',
    });
  });

  it('says that the broker granted less than was asked for', () => {
    const config = { ...plain.config, qos: 2 as const };
    expect(diagnosed({ ...plain, config })).toEqual({
      'qos-downgraded': 'The broker granted the subscription QoS 1, not 2: deliveries were made at QoS 1.',
    });
  });

  it('says that Receive Maximum kept the window from being used', () => {
    expect(diagnosed(readStored('lossless'))).toEqual({
      'receive-maximum':
        'The broker takes 20 messages of a publisher at a time (Receive Maximum; in mosquitto max_inflight_messages): --window 1000 was not used in full. More --publishers may raise the rate.',
    });
    const manyPublishers = { ...readStored('lossless').config, publishers: 50 };
    expect(diagnosed({ ...readStored('lossless'), config: manyPublishers })).toEqual({});
    const fewMessages = { ...readStored('lossless').config, messages: 20 };
    expect(diagnosed({ ...readStored('lossless'), config: fewMessages })).toEqual({});
    expect(Object.keys(diagnosed({ ...readStored('lossless'), config: { ...fewMessages, messages: 21 } }))).toEqual([
      'receive-maximum',
    ]);
  });

  it('says that nothing was answered at all', () => {
    const ledger = { ...plain.ledger, accepted: 0, timedOut: 1000, expected: 0, delivered: 0 };
    expect(diagnosed({ ...plain, ledger })).toEqual({
      'no-answer': 'The broker took the connections, and of 1,000 messages it acknowledged none and delivered none.',
    });
  });

  it('says that nothing of what was accepted was delivered', () => {
    const ledger = { ...plain.ledger, delivered: 0, lost: 1000 };
    expect(diagnosed({ ...plain, ledger })).toEqual({
      'nothing-delivered':
        "The broker accepted 1,000 messages and delivered none: it may withhold what this user must not publish or read without refusing it, as mosquitto's ACL file does.",
    });
  });

  it('counts altered payloads', () => {
    expect(diagnosed({ ...plain, ignored: { foreign: 5, altered: 1 } })).toEqual({
      'altered-payloads': '1 delivery of this run had an altered payload and did not count.',
    });
  });

  it('tells the plateau, and that the broker was embedded', () => {
    expect(diagnosed(plain, { plateau: { count: 170, share: 0.17 }, embedded: true })).toEqual({
      'nagle-plateau':
        "170 round trips (17 %) took about 40 ms: the broker held back what it had to send until this machine's TCP acknowledged earlier data (Nagle's algorithm and delayed ACK). In mosquitto, set_tcp_nodelay true ends it.",
      'embedded-broker':
        'The embedded broker shares this process and its CPU: these numbers tell nothing of another broker.',
    });
  });
});

/** Round trips of so many milliseconds, as often as said. */
function roundTrips(...counts: readonly (readonly [ms: number, count: number])[]): LatencyCounts {
  const latencies = new LatencyCounts();
  for (const [ms, count] of counts) for (let each = 0; each < count; each += 1) latencies.record(ms * 1000);
  return latencies;
}

describe('findPlateau', () => {
  it.each([
    [
      'a bump at 40 ms',
      [
        [1, 900],
        [40.5, 60],
        [43.9, 40],
      ],
      { count: 100, share: 0.1 },
    ],
    [
      'all but a few',
      [
        [2, 1],
        [41, 99],
      ],
      { count: 99, share: 0.99 },
    ],
    [
      'too few to matter',
      [
        [1, 9990],
        [41, 10],
      ],
      undefined,
    ],
    [
      'too few to tell',
      [
        [1, 10],
        [41, 2],
      ],
      undefined,
    ],
    [
      'latencies that are spread out',
      [
        [1, 10],
        [33, 50],
        [41, 50],
        [50, 50],
      ],
      undefined,
    ],
    [
      'a path that is that long',
      [
        [39, 10],
        [41, 500],
      ],
      undefined,
    ],
    ['nothing', [], undefined],
  ] as const)('%s', (_, counts, plateau) => {
    expect(findPlateau([roundTrips(...counts)])).toEqual(plateau);
  });

  it('is not found in what one pause held up together', () => {
    const once = roundTrips([1, 900], [41, 59]);
    const often = roundTrips([1, 900], [41, 60]);
    expect(findPlateau([once], 20)).toBeUndefined();
    expect(findPlateau([often], 20)).toMatchObject({ count: 60 });
  });

  it.each([
    [{ qos: 1, window: 1000, rate: null }, 20, 40],
    [{ qos: 1, window: 30, rate: null }, 65_535, 30],
    [{ qos: 0, window: 1000, rate: null }, 20, 1000],
    [{ qos: 1, window: null, rate: 1000 }, 20, 46],
    [{ qos: 1, window: null, rate: 1 }, 20, 1],
    [{ qos: 0, window: null, rate: null }, 20, 1],
  ] as const)(
    'knows how many one pause holds up: %j and a Receive Maximum of %i',
    (differs, receiveMaximum, together) => {
      const { broker, config } = readStored('lossless');
      const of = { broker: { ...broker, receiveMaximum }, config: { ...config, publishers: 2, ...differs } };
      expect(heldUpTogether(of)).toBe(together);
    },
  );

  it('takes the kind of round trip that shows it most', () => {
    const deliveries = roundTrips([1, 98], [41, 3]);
    const acknowledgements = roundTrips([1, 50], [41, 50]);
    expect(findPlateau([deliveries, acknowledgements])).toEqual({ count: 50, share: 0.5 });
  });
});

describe('findSilences', () => {
  const fast = roundTrips([1, 1000]);

  it.each([
    [
      'short windows that wait again and again',
      [[40.2, 5]] as const,
      fast,
      400_000,
      { count: 5, share: 0.525, isOfTime: true },
    ],
    ['all of the time', [[41, 100]] as const, fast, 4_100_000, { count: 100, share: 1, isOfTime: true }],
    ['too few to tell', [[41, 2]] as const, fast, 100_000, undefined],
    ['too little of the time', [[41, 3]] as const, fast, 2_000_000, undefined],
    [
      'pauses of any length',
      [
        [25, 4],
        [35, 4],
        [41, 4],
        [50, 4],
      ] as const,
      fast,
      400_000,
      undefined,
    ],
    ['a path that is that long', [[41, 50]] as const, roundTrips([40.5, 50]), 2_000_000, undefined],
  ])('%s', (_, silences, trips, durationUs, plateau) => {
    expect(findSilences(roundTrips(...silences), trips, durationUs)).toEqual(plateau);
  });

  it('is told by how often and for how much of the time', () => {
    const plateau = { count: 5, share: 0.525, isOfTime: true };
    expect(diagnosed(plain, { plateau })['nagle-plateau']).toMatch(
      /^Nothing came for about 40 ms, 5 times \(53 % of the run\): the broker held back .* set_tcp_nodelay true ends it\.$/,
    );
  });
});

describe('findNagle', () => {
  const nothing = roundTrips();
  const seenOf = (
    silences: LatencyCounts | undefined,
    endToEnd: LatencyCounts,
    acknowledgement: LatencyCounts,
    durationMs: number,
  ): Parameters<typeof findNagle>[0] => ({
    acknowledgement,
    endToEnd,
    deliveries: { silences } as Recorder['deliveries'],
    measuredSinceUs: 5000,
    lastDeliveredUs: 5000 + durationMs * 1000,
  });
  const tenAtOnce = seenOf(roundTrips([39, 1]), roundTrips([39, 10]), nothing, 40);
  const tenAccepted = seenOf(nothing, nothing, roundTrips([0.5, 1], [43.5, 9]), Number.NaN);

  it('takes one silence of a short run for it where the broker was seen to hold packets back, and only there', () => {
    const plateau = { count: 1, share: 0.975, isOfTime: true, longestMs: 39 };
    expect(findNagle(tenAtOnce, 1000, true)).toMatchObject({ ...plateau, share: expect.closeTo(0.975, 2) as number });
    expect(findNagle(tenAtOnce, 1000, undefined)).toBeUndefined();
    expect(findNagle(tenAtOnce, 1000, false)).toBeUndefined();
    expect(diagnosed(plain, { plateau })['nagle-plateau']).toMatch(
      /^Nothing came for about 39 ms, 1 time \(98 % of the run\): /,
    );
  });

  it('takes the acknowledgements of a short run that has no deliveries', () => {
    expect(findNagle(tenAccepted, 1000, true)).toEqual({ count: 9, share: 0.9 });
    expect(findNagle(tenAccepted, 1000, undefined)).toBeUndefined();
    // As many may have waited in a queue.
    const queued = seenOf(nothing, nothing, roundTrips([0.5, 1], [43.5, 200], [60, 199]), Number.NaN);
    expect(findNagle(queued, 1000, true)).toBeUndefined();
  });

  it('is none, whatever was recorded, where the broker was seen to send at once', () => {
    const everything = seenOf(roundTrips([41, 100]), roundTrips([1, 900], [41, 100]), nothing, 4100);
    expect(findNagle(everything, 1, undefined)).toBeDefined();
    expect(findNagle(everything, 1, false)).toBeUndefined();
  });

  it('is not looked for where nothing hints at it', () => {
    expect([tenAtOnce, tenAccepted].map(mayBeHeldBack)).toEqual([true, true]);
    const quick = seenOf(nothing, roundTrips([1, 1000]), roundTrips([1, 1000]), 1000);
    const paused = seenOf(roundTrips([40, 1]), roundTrips([1, 1000], [40, 5]), nothing, 1000);
    const long = seenOf(roundTrips([300, 1]), roundTrips([300, 10]), nothing, 300);
    expect([quick, paused, long, seenOf(nothing, nothing, nothing, Number.NaN)].map(mayBeHeldBack)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
