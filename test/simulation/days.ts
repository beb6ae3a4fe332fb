import { make } from './history.ts'
import type { ProfileName } from './profiles.ts'

const commands = 40

interface Happened {
  readonly decided: number
  readonly refused: number
  readonly offers: number
  /** How often each command, event and timer was. */
  readonly done: ReadonlyMap<string, number>
}

/** What happened on the days of the first seeds of a profile; throws what its auditor has to complain of. */
export function happened(profile: ProfileName, seeds: number): Happened {
  const total = { decided: 0, refused: 0, offers: 0 }
  const done = new Map<string, number>()
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure, ...tally } = make(profile, seed, commands)
    if (failure) throw new Error(`${replayed(profile, seed)}\n${failure.message}`, { cause: failure })
    for (const key of ['decided', 'refused', 'offers'] as const) total[key] += tally[key]
    for (const [type, times] of tally.done) done.set(type, (done.get(type) ?? 0) + times)
  }
  return { ...total, done }
}

function replayed(profile: ProfileName, seed: number): string {
  return `npm run simulate -- --profile ${profile} --from ${seed} --seeds 1 --commands ${commands}`
}
