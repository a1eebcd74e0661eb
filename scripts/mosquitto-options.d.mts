export const MOSQUITTO_OPTIONS: Readonly<Record<string, readonly string[]>>;
