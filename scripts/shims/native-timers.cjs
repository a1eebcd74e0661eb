'use strict';

// Stands in for `worker-timers` in the bundle: MQTT.js asks for it only in a browser, where tabs in the background
// slow the timers down, but loads it everywhere.
exports.setInterval = (callback, ms) => setInterval(callback, ms);
exports.clearInterval = (timer) => clearInterval(timer);
exports.setTimeout = (callback, ms) => setTimeout(callback, ms);
exports.clearTimeout = (timer) => clearTimeout(timer);
