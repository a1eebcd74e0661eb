import { ejabberd } from './systems.ts';
import { testBroker } from './test-broker.ts';

testBroker(ejabberd, {
  versions: ['311', '5'],
  highestQoS: 2,
  diagnoses: [[], [], []],
  flood: { outcome: 'may cut', diagnoses: [] },
});
