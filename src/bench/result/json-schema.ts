/** The part of JSON Schema that our own schemas use, so that what is read is held by the same document as what is written. */

/** Unknown keywords are errors: one that is passed over would let pass what it forbids. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** `false` is not enforced: a later version may have added a field, and what is known still means the same. */
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  /** `#/$defs/NAME` alone. */
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
}

type Definitions = Readonly<Record<string, JsonSchema>>;
/** What is wrong with one value; undefined when nothing is. */
type Check = (operand: never, value: unknown, path: string, definitions: Definitions) => string | undefined;

/** The first thing in `value` that `schema` does not admit, with its path, such as `ledger.lost is missing`. */
export function findMismatch(schema: JsonSchema, value: unknown): string | undefined {
  return check(schema, value, '', schema.$defs ?? {});
}

function check(schema: JsonSchema, value: unknown, path: string, definitions: Definitions): string | undefined {
  for (const [keyword, operand] of Object.entries(schema)) {
    const checkKeyword = CHECKS[keyword];
    if (checkKeyword === undefined) throw new Error(`the schema uses ${keyword}, which is not known here`);
    const mismatch = checkKeyword(operand as never, value, path, definitions);
    if (mismatch !== undefined) return mismatch;
  }
  return undefined;
}

const anything: Check = () => undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  $schema: anything,
  $id: anything,
  $defs: anything,
  title: anything,
  description: anything,
  $ref: (reference: string, value, path, definitions) => {
    const found = definitions[reference.slice('#/$defs/'.length)];
    if (found === undefined) throw new Error(`the schema has no ${reference}`);
    return check(found, value, path, definitions);
  },
  type: (types: string | readonly string[], value, path) => {
    const admitted = [types].flat();
    return admitted.some((type) => isOfType(type, value)) ? undefined : `${at(path)} is not ${admitted.join(' or ')}`;
  },
  const: (only: unknown, value, path) => (value === only ? undefined : `${at(path)} is not ${JSON.stringify(only)}`),
  enum: (values: readonly unknown[], value, path) =>
    values.includes(value)
      ? undefined
      : `${at(path)} is none of ${values.map((one) => JSON.stringify(one)).join(', ')}`,
  minimum: (least: number, value, path) =>
    typeof value === 'number' && value < least ? `${at(path)} is below ${least}` : undefined,
  exclusiveMinimum: (below: number, value, path) =>
    typeof value === 'number' && value <= below ? `${at(path)} is not above ${below}` : undefined,
  maximum: (most: number, value, path) =>
    typeof value === 'number' && value > most ? `${at(path)} is above ${most}` : undefined,
  minLength: (least: number, value, path) =>
    typeof value === 'string' && [...value].length < least ? `${at(path)} is too short` : undefined,
  pattern: (pattern: string, value, path) =>
    typeof value === 'string' && !new RegExp(pattern, 'u').test(value) ? `${at(path)} is malformed` : undefined,
  required: (names: readonly string[], value, path) => {
    const missing = isObject(value) ? names.find((name) => !Object.hasOwn(value, name)) : undefined;
    return missing === undefined ? undefined : `${join(path, missing)} is missing`;
  },
  properties: (properties: Definitions, value, path, definitions) => {
    if (!isObject(value)) return undefined;
    for (const [name, schema] of Object.entries(properties)) {
      if (!Object.hasOwn(value, name)) continue;
      const mismatch = check(schema, value[name], join(path, name), definitions);
      if (mismatch !== undefined) return mismatch;
    }
    return undefined;
  },
  // Of ours, each that has a schema here has no `properties` beside it.
  additionalProperties: (schema: boolean | JsonSchema, value, path, definitions) => {
    if (typeof schema === 'boolean' || !isObject(value)) return undefined;
    for (const [name, one] of Object.entries(value)) {
      const mismatch = check(schema, one, join(path, name), definitions);
      if (mismatch !== undefined) return mismatch;
    }
    return undefined;
  },
  items: (schema: JsonSchema, value, path, definitions) => {
    if (!Array.isArray(value)) return undefined;
    for (const [index, item] of value.entries()) {
      const mismatch = check(schema, item, `${path}[${index}]`, definitions);
      if (mismatch !== undefined) return mismatch;
    }
    return undefined;
  },
  oneOf: (choices: readonly JsonSchema[], value, path, definitions) => {
    const mismatches = choices.map((choice) => check(choice, value, path, definitions));
    return mismatches.filter((mismatch) => mismatch === undefined).length === 1
      ? undefined
      : `${at(path)} is none of what it may be: ${mismatches.find((mismatch) => mismatch !== undefined)}`;
  },
};

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      // number, string and boolean have the names that JavaScript gives them
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function at(path: string): string {
  return path === '' ? 'it' : path;
}
