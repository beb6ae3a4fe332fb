import { Center, Failure, type Others, type Step, type Tamper } from './center.ts'
import { type ProfileName, profiles } from './profiles.ts'
import { Workload } from './workload.ts'

/** What a seed made of a profile: how it went, and everything that happened on the way. */
export interface History {
  readonly profile: ProfileName
  readonly seed: number
  readonly steps: readonly Step[]
  readonly failure: Failure | undefined
  readonly decided: number
  readonly refused: number
  readonly offers: number
  /** How often what was decided, by type of command, and what happened, by type of event. */
  readonly done: ReadonlyMap<string, number>
}

/** Lives through so many commands that a seed makes up. */
export function make(profile: ProfileName, seed: number, commands: number, others?: Others): History {
  const center = new Center(seed, profiles[profile], others)
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
  const { decided, refused, offers, done } = center
  return { profile, seed, steps, failure, decided, refused, offers, done }
}

/** Steps that can be played again as they were. */
export type Played = Pick<History, 'profile' | 'seed' | 'steps'>

/** Lives through given steps, and says how that failed, if it did. */
export function replay({ profile, seed, steps }: Played, tamper?: Tamper): Failure | undefined {
  const center = new Center(seed, profiles[profile], tamper ? { tamper } : {})
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
 * The shortest history that delta debugging finds to fail by the same rule: steps are left out, in halves first, then
 * singly, until none can be spared; then parts of what is left.
 */
export function shortened(played: Played, rule: string, tamper?: Tamper): Played {
  const fails = (steps: readonly Step[]) => {
    try {
      return replay({ ...played, steps }, tamper)?.rule === rule
    } catch {
      return false // the auditor itself cannot follow this one
    }
  }
  const { profile, seed } = played
  return { profile, seed, steps: simplified(withoutSpare(played.steps, fails), fails) }
}

type Fails = (steps: readonly Step[]) => boolean

function withoutSpare(steps: readonly Step[], fails: Fails): readonly Step[] {
  let kept = steps
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    const before = kept.length
    for (let from = kept.length - size; from > -size; from -= size) {
      const fewer = kept.filter((_, i) => i < from || i >= from + size)
      if (fewer.length < kept.length && fails(fewer)) kept = fewer
    }
    // Single steps again and again, while some can still be spared.
    if (size === 1 && kept.length < before) size = 2
  }
  return kept
}

/** Leaves out parameters, attributes, filters, targets: whatever is not needed to fail. */
function simplified(steps: readonly Step[], fails: Fails): readonly Step[] {
  let kept = steps
  for (let i = 0; i < steps.length; i++) {
    for (let changed = true; changed; ) {
      changed = false
      for (const simpler of simplerThan(kept[i])) {
        const some = kept.map((step, j) => (i === j ? (simpler as Step) : step)) // a step without some of its parts
        if (!fails(some)) continue
        kept = some
        changed = true
        break
      }
    }
  }
  return kept
}

/** A value without one of its parts, however deep, each in turn; texts of JSON have parts, too. */
function* simplerThan(value: unknown): Generator<unknown> {
  if (typeof value === 'string' && value.startsWith('{')) {
    for (const simpler of simplerThan(JSON.parse(value))) yield JSON.stringify(simpler)
  }
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const rest = Object.entries(value).filter(([other]) => other !== key)
    yield Array.isArray(value) ? rest.map(([, part]) => part) : Object.fromEntries(rest)
  }
  for (const [key, part] of Object.entries(value)) {
    for (const simpler of simplerThan(part)) {
      yield Array.isArray(value) ? value.with(Number(key), simpler) : { ...value, [key]: simpler }
    }
  }
}
