// Each by its name: the bundle then holds this alone of a manifest.
import { version as hdrHistogram } from 'hdr-histogram-js/package.json';
import { version as mqtt } from 'mqtt/package.json';
import { version as mqttPacket } from 'mqtt-packet/package.json';

/** Versions of the packages that the numbers of a benchmark rest on, as they were when this was built. */
export const PACKAGE_VERSIONS: Readonly<Record<string, string>> = {
  mqtt,
  'mqtt-packet': mqttPacket,
  'hdr-histogram-js': hdrHistogram,
};
