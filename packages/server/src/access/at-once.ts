/** What is there at once where memory has it, and otherwise later. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on at once with what is there: a promise would cost every fetch a turn of the loop. */
export function whenThere<T, U>(value: MaybePromise<T>, then: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(then) : then(value)
}
