/** "binding 0 → 1" told in two texts: the fields of `names` that differ, each as "name=value"; undefined if none does. */
export function differingFields<T>(
  before: T,
  after: T,
  names: readonly (keyof T & string)[],
): { readonly before: string; readonly after: string } | undefined {
  const differing = names.filter((name) => before[name] !== after[name]);
  if (differing.length === 0) return undefined;
  return { before: fieldsText(before, differing), after: fieldsText(after, differing) };
}

/** "name=xdp type=1": fields of one thing as text. */
export function fieldsText<T>(of: T, names: readonly (keyof T & string)[]): string {
  return names.map((name) => `${name}=${of[name] === "" ? '""' : String(of[name])}`).join(" ");
}
