import type { Machine } from '../../cli/context.ts';
import { UsageError } from '../../errors.ts';

/** USER_HZ of Linux: what `/proc` counts CPU time in, whatever the kernel's own clock is. [proc(5)] */
const TICKS_PER_SECOND = 100;
/** Fields of `/proc/PID/stat` from the third on, counted from 0: time in user mode, in the kernel, and start. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START_TICKS = 19;

/** What a process has used so far. */
export interface ProcessUse {
  /** CPU time of all its threads, in microseconds, to 10 ms. */
  readonly cpuUs: number;
  readonly memoryBytes: number;
}

/** Watches the process of a broker on this machine: `--broker-pid`. */
export class BrokerProcess {
  readonly #machine: Machine;
  readonly #pid: number;
  readonly #startTicks: number;

  /** Throws UsageError where there is no such process, or no `/proc`. */
  constructor(pid: number, machine: Machine) {
    if (machine.readText('/proc/self/stat') === undefined) {
      throw new UsageError('--broker-pid needs the /proc of Linux, which is not there');
    }
    this.#machine = machine;
    this.#pid = pid;
    const fields = this.#readFields();
    if (fields === undefined) {
      throw new UsageError(
        `--broker-pid ${pid}: no such process`,
        'It must run on this machine. For mosquitto: --broker-pid "$(pidof mosquitto)"',
      );
    }
    this.#startTicks = fields[START_TICKS] ?? 0;
  }

  /** Undefined once it has ended. */
  read(): ProcessUse | undefined {
    const fields = this.#readFields();
    // Another process may have its number by now.
    if (fields === undefined || fields[START_TICKS] !== this.#startTicks) return undefined;
    const status = this.#machine.readText(`/proc/${this.#pid}/status`) ?? '';
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
    const ticks = (fields[USER_TICKS] ?? 0) + (fields[SYSTEM_TICKS] ?? 0);
    return { cpuUs: (ticks * 1e6) / TICKS_PER_SECOND, memoryBytes: Number(kibibytes) * 1024 };
  }

  #readFields(): number[] | undefined {
    const stat = this.#machine.readText(`/proc/${this.#pid}/stat`);
    // The second field is the name in parentheses, which may hold both spaces and parentheses.
    return stat
      ?.slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  }
}
