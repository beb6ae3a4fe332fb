/** The function that a text of ours is, with these parameters. */
export function generated<F>(parameters: readonly string[], body: string): F {
  return new Function(...parameters, body) as F // whoever wrote the text knows
}

/**
 * The same members in an object as a literal makes it. V8 keeps a literal's members by place; an object that gets some
 * dozens one after the other, under names that are not in the text, it keeps as a hash table, in which each is looked for:
 * a decision looks a hundred times for the table of a kind.
 */
export function literalOf<T extends object>(members: T): T {
  const fields = Object.keys(members).map((name) => `${JSON.stringify(name)}: members[${JSON.stringify(name)}]`)
  return generated<(members: T) => T>(['members'], `return {${fields.join(',')}}`)(members)
}
