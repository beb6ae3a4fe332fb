/** The names of an object's members, as its type has them: for objects that have no others. */
export function keysOf<T extends object>(object: T): (keyof T & string)[] {
  return Object.keys(object) as (keyof T & string)[] // the caller knows that its type names all
}

/** Whether an object has a member of that name. */
export function isKeyOf<T extends object>(object: T, name: string): name is keyof T & string {
  return Object.hasOwn(object, name)
}
