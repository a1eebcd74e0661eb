'use strict';

// Stands in for the `debug` package in the bundle. MQTT.js logs through it and through nothing else; the real one loads
// `tty`, `util` and a colour table at start-up, and would let $DEBUG write payloads to stderr behind `--quiet`.
const silent = () => {};
silent.enabled = false;
silent.extend = () => silent;
module.exports = () => silent;
