import type { ProfileName } from './workload.ts'

/** Seeds that have once found something, by what they found. They run with every test, in full length. */
export const seeds: readonly {
  readonly name: string
  readonly profile: ProfileName
  readonly seed: number
  readonly commands: number
}[] = []
