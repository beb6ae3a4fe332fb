/** The member at an index that the caller knows to be one of the list's: nothing is checked, so that hot loops may ask. */
export function memberAt<T>(list: readonly T[], index: number): T {
  return list[index] as T // the caller knows
}
