'use strict';

// Runs a built command, and on its exit writes to file descriptor 3 what V8 compiled: for code-cache.mjs.
const { writeSync } = require('node:fs');
const { join } = require('node:path');

const [folder, command] = process.argv.splice(2, 2);
const scripts = [];
process.on('exit', () => {
  const kept = scripts.map(([file, script]) => [file, script.createCachedData().toString('base64')]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(kept)));
  for (let written = 0; written < text.length; ) written += writeSync(3, text, written);
});
require(join(folder, 'launch.js')).launch(command, (file, script) => scripts.push([file, script]));
