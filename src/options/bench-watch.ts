/** What mqtt-bench watches beside its own messages. */
import { type OptionSpec, single } from './spec.ts';
import { wholeNumber } from './values.ts';

/** 2^22: what Linux can number processes up to. */
const HIGHEST_PID = 4_194_304;

export const brokerPidOption = single({
  long: 'broker-pid',
  group: 'Output',
  summary: 'process of a broker on this machine: its CPU and memory are in the result (Linux)',
  value: 'PID',
  parse: wholeNumber(1, HIGHEST_PID),
});

export const watchOptions: readonly OptionSpec[] = [brokerPidOption];
