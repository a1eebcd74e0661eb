'use strict';

// Stands in for the WebAssembly half of hdr-histogram-js in the bundle, which is off unless asked for: 60 KiB of
// program in text, and a loader that comes without the text of its licence.
const unsupported = () => {
  throw new Error('WebAssembly histograms are not bundled');
};
exports.BINARY = '';
exports.instantiate = unsupported;
exports.instantiateSync = unsupported;
