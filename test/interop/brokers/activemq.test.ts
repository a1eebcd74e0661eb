import { activeMq } from './systems.ts';
import { testBroker } from './test-broker.ts';

testBroker(activeMq, {
  versions: ['31', '311'],
  highestQoS: 2,
  diagnoses: [[], [], ['unstated-receive-maximum']],
  flood: { outcome: 'all arrive', diagnoses: [] },
});
