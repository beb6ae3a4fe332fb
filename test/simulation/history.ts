import { Center, Failure, type Step, type Tamper } from './center.ts'
import { type ProfileName, profiles, Workload } from './workload.ts'

/** What a seed made of a profile: how it went, and everything that happened on the way. */
export interface History {
  readonly profile: ProfileName
  readonly seed: number
  readonly steps: readonly Step[]
  readonly failure: Failure | undefined
  readonly decided: number
  readonly refused: number
  readonly offers: number
}

/** Lives through so many commands that a seed makes up. */
export function make(profile: ProfileName, seed: number, commands: number, tamper?: Tamper): History {
  const center = new Center(seed, profiles[profile].available_workers, tamper)
  const workload = new Workload(profile, seed, center)
  const steps: Step[] = []
  const failure = failureOf(() => {
    const take = (step: Step) => {
      steps.push(step)
      center.take(step)
    }
    for (const step of workload.opening()) take(step)
    for (let n = 0; n < commands; n++) for (const step of workload.next()) take(step)
    center.close()
  })
  const { decided, refused, offers } = center
  return { profile, seed, steps, failure, decided, refused, offers }
}

/** Steps that can be played again as they were. */
export type Played = Pick<History, 'profile' | 'seed' | 'steps'>

/** Lives through given steps, and says how that failed, if it did. */
export function replay({ profile, seed, steps }: Played, tamper?: Tamper): Failure | undefined {
  const center = new Center(seed, profiles[profile].available_workers, tamper)
  return failureOf(() => {
    for (const step of steps) center.take(step)
    center.close()
  })
}

function failureOf(act: () => void): Failure | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

/**
 * The shortest list of steps that delta debugging finds to fail by the same rule: parts are left out, halves first, then
 * smaller ones, until no single step can be spared.
 */
export function shortened(played: Played, rule: string, tamper?: Tamper): Played {
  const fails = (some: readonly Step[]) => {
    try {
      return replay({ ...played, steps: some }, tamper)?.rule === rule
    } catch {
      return false // the auditor itself cannot follow this one
    }
  }
  let kept = [...played.steps]
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = kept.length - size; from > -size; from -= size) {
      const fewer = kept.filter((_, i) => i < from || i >= from + size)
      if (fewer.length < kept.length && fails(fewer)) kept = fewer
    }
    if (size === 1) {
      // One more round while single steps can still be spared.
      const again = kept.findIndex((_, i) => fails(kept.filter((_, j) => j !== i)))
      if (again === -1) break
      kept = kept.filter((_, i) => i !== again)
      size = 2
    }
  }
  const { profile, seed } = played
  return { profile, seed, steps: kept }
}
