import { rabbitMq } from './systems.ts';
import { testBroker } from './test-broker.ts';

testBroker(rabbitMq, {
  versions: ['31', '311'],
  highestQoS: 1,
  diagnoses: [[], [], ['qos-downgraded', 'unstated-receive-maximum']],
  flood: { outcome: 'all arrive', diagnoses: [] },
});
