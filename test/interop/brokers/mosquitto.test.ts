import { mosquitto } from './systems.ts';
import { testBroker } from './test-broker.ts';

testBroker(mosquitto, {
  versions: ['31', '311', '5'],
  highestQoS: 2,
  diagnoses: [[], ['receive-maximum'], ['receive-maximum']],
  flood: { outcome: 'may lose', diagnoses: ['mosquitto-queue-limits'] },
});
