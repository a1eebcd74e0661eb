'use strict';

// Stands in for `lru-cache` in the bundle. MQTT.js keeps at most 65,535 topic aliases in it and uses the five members
// below; the real one has ten times the code of this whole file's caller, and loads `perf_hooks`.
exports.LRUCache = class LRUCache {
  #entries = new Map();
  #max;

  constructor({ max }) {
    this.#max = max;
  }

  get size() {
    return this.#entries.size;
  }

  get(key) {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#renew(key, value);
    return value;
  }

  set(key, value) {
    this.#renew(key, value);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value);
    return this;
  }

  /** The most recently used first. */
  keys() {
    return [...this.#entries.keys()].reverse().values();
  }

  clear() {
    this.#entries.clear();
  }

  /** A Map keeps its keys in the order in which they were added. */
  #renew(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }
};
