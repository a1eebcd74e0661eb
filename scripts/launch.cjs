'use strict';

const Module = require('node:module');

/** Starts the command `name`. The build copies this file into dist, where the launchers in bin load it. */
exports.launch = (name) => {
  // From Node 22.1 on, V8 keeps what it compiled: in the user's cache folder, the one place we write to unasked.
  const folder = cacheFolder(process.env);
  if (folder !== undefined) Module.enableCompileCache?.(folder);
  require('./main.js').main(name);
};

function cacheFolder({ XDG_CACHE_HOME, HOME }) {
  // The XDG base directory specification: a relative path is to be ignored.
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/mqtt-toolkit`;
  return HOME?.startsWith('/') ? `${HOME}/.cache/mqtt-toolkit` : undefined;
}
