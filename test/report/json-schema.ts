/** The part of JSON Schema (draft 2020-12) that `schema/` uses. */
export interface Schema {
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

function typeOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") return Number.isInteger(value) ? ["integer", "number"] : ["number"];
  return [typeof value];
}

/** Where a value breaks a schema, one line each; empty if it conforms. */
export function violations(value: unknown, schema: Schema, root: Schema = schema, path = "$"): string[] {
  const found: string[] = [];
  const check = (holds: boolean, what: string): void => {
    if (!holds) found.push(`${path}: ${what}`);
  };
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    if (target === undefined) throw new Error(`the schema has no ${schema.$ref}`);
    found.push(...violations(value, target, root, path));
  }
  if (schema.type !== undefined) {
    const allowed = [schema.type].flat();
    check(
      typeOf(value).some((type) => allowed.includes(type)),
      `is ${typeOf(value)[0]}, not ${allowed}`,
    );
  }
  if ("const" in schema) check(value === schema.const, `is not ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined) check(schema.enum.includes(value), `${JSON.stringify(value)} is none of the allowed`);
  if (schema.pattern !== undefined)
    check(new RegExp(schema.pattern).test(String(value)), `does not match ${schema.pattern}`);
  for (const part of schema.allOf ?? []) found.push(...violations(value, part, root, path));
  if (schema.anyOf !== undefined) {
    const attempts = schema.anyOf.map((part) => violations(value, part, root, path));
    if (attempts.every((attempt) => attempt.length > 0)) found.push(...attempts.flat());
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) found.push(...value.flatMap((item, i) => violations(item, items, root, `${path}[${i}]`)));
  } else if (typeof value === "object" && value !== null) {
    for (const name of schema.required ?? []) check(name in value, `lacks ${name}`);
    for (const [name, field] of Object.entries(value)) {
      const property = schema.properties?.[name];
      if (property !== undefined) found.push(...violations(field, property, root, `${path}.${name}`));
      else check(schema.additionalProperties !== false, `has ${name}, which the schema does not know`);
    }
  }
  return found;
}
