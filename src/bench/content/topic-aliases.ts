/** The Topic Aliases of one connection: a number for each topic, as long as there are any. [MQTT5 3.3.2.3.4] */
export class TopicAliases {
  readonly #most: number;
  readonly #numbers = new Map<string, number>();

  /** @param most Topic Alias Maximum of the broker: 0 to 65535. */
  constructor(most: number) {
    this.#most = most;
  }

  /** New: the topic is to be sent with the number this once. Undefined when all numbers are given away. */
  aliasOf(topic: string): { readonly number: number; readonly isNew: boolean } | undefined {
    const known = this.#numbers.get(topic);
    if (known !== undefined) return { number: known, isNew: false };
    if (this.#numbers.size >= this.#most) return undefined;
    this.#numbers.set(topic, this.#numbers.size + 1);
    return { number: this.#numbers.size, isNew: true };
  }
}
