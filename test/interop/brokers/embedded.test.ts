import { embedded } from './systems.ts';
import { testBroker } from './test-broker.ts';

testBroker(embedded, {
  versions: ['31', '311'],
  highestQoS: 2,
  diagnoses: [[], [], ['unstated-receive-maximum']],
  flood: { outcome: 'all arrive', diagnoses: [] },
});
