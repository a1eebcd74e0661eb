import { UsageError } from '../../errors.ts';
import { connectRateOption, localAddressOption } from '../../options/bench-connections.ts';
import { bindOption } from '../../options/connection.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { BenchPlan } from './plan.ts';

/** How the connections of any scenario are opened. Throws UsageError. */
export function resolveConnecting(values: OptionValues): Pick<BenchPlan, 'connectRate' | 'localAddresses'> {
  if (values.has(localAddressOption) && values.has(bindOption)) {
    throw new UsageError(`${values.spelled(localAddressOption)} and ${values.spelled(bindOption)} exclude each other`);
  }
  return {
    connectRate: values.get(connectRateOption) ?? null,
    localAddresses: values.get(localAddressOption),
  };
}
