import { UsageError } from '../../errors.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { OptionSpec } from '../../options/spec.ts';

/** Throws UsageError for what has no effect; a file of options may be for other commands too. */
export function refuseTyped(spec: OptionSpec, values: OptionValues, without: string, hint: string): void {
  if (values.source(spec).kind === 'flag') {
    throw new UsageError(`${values.spelled(spec)} has no effect ${without}`, hint);
  }
}
