/** A duration as mosquitto_rr prints it: `500ns`, `53.961000µs`, `1.234567ms`; from a second on with its unit too. */
export function formatLatency(durationMs: number): string {
  const nanoseconds = Math.round(durationMs * 1e6);
  if (nanoseconds < 1000) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(6)}µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(6)}ms`;
  return `${(nanoseconds / 1e9).toFixed(9)}s`;
}
