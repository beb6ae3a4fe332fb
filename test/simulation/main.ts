import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Failure } from './center.ts'
import { type History, make, type Played, replay, shortened } from './history.ts'
import { type ProfileName, profiles } from './profiles.ts'

/*
 * `npm run simulate`: many days of many centers, each judged after every decision. Ends at the first failure, with the
 * shortest list of steps that shows it.
 */

const usage = `npm run simulate -- [options]

  --seeds N        how many seeds of each profile (1000)
  --from S         the first seed (1)
  --commands N     commands a seed (100)
  --profile NAME   ${Object.keys(profiles).join(', ')}; all of them when it is left out
  --minutes M      goes on with further seeds until so much time has passed
  --replay FILE    plays the steps in a file that a failure left
`

function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      commands: { type: 'string', default: '100' },
      profile: { type: 'string' },
      minutes: { type: 'string' },
      replay: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  const { profile } = values
  if (values.help || (profile !== undefined && !Object.hasOwn(profiles, profile))) {
    console.log(usage)
    return values.help ? 0 : 1
  }
  if (values.replay !== undefined) return again(values.replay)
  const chosen = (profile === undefined ? Object.keys(profiles) : [profile]) as ProfileName[] // checked above
  const [from, commands] = [number('from', values.from), number('commands', values.commands)]
  const minutes = values.minutes === undefined ? undefined : number('minutes', values.minutes)
  return run(chosen, { from, commands, seeds: number('seeds', values.seeds), minutes })
}

interface Extent {
  readonly from: number
  readonly seeds: number
  readonly commands: number
  readonly minutes: number | undefined
}

function run(chosen: readonly ProfileName[], { from, seeds, commands, minutes }: Extent): number {
  const start = performance.now()
  const total = { histories: 0, decided: 0, refused: 0, offers: 0 }
  const done = new Map<string, number>()
  const line = () => {
    const { histories, decided, refused, offers } = total
    const elapsed_s = Math.round((performance.now() - start) / 1000)
    return `${histories} histories, ${decided} decisions, ${refused} refusals, ${offers} offers in ${elapsed_s} s`
  }
  let said = start
  const goesOn = (n: number) => (minutes === undefined ? n < seeds : performance.now() - start < minutes * 60_000)
  for (let n = 0; goesOn(n); n++) {
    for (const profile of chosen) {
      const seed = from + n
      const history = make(profile, seed, commands)
      total.histories++
      for (const key of ['decided', 'refused', 'offers'] as const) total[key] += history[key]
      for (const [type, times] of history.done) done.set(type, (done.get(type) ?? 0) + times)
      if (history.failure) return report(history, history.failure, commands)
      if (performance.now() - said < 5000) continue
      said = performance.now()
      console.log(`seed ${seed}: ${line()}`)
    }
  }
  for (const [type, times] of [...done].sort(([, a], [, b]) => b - a))
    console.log(`${String(times).padStart(9)} ${type}`)
  console.log(`All is well: ${line()}.`)
  return 0
}

function report(history: History, failure: Failure, commands: number): number {
  const { profile, seed, steps } = history
  console.log(`Seed ${seed} of ${profile} fails at step ${steps.length}:\n\n${failure.message}\n`)
  console.log(
    `To play it again: npm run simulate -- --profile ${profile} --from ${seed} --seeds 1 --commands ${commands}`
  )
  const short = shortened(history, failure.rule)
  const file = `.build/simulation/${profile}-${seed}.json`
  mkdirSync('.build/simulation', { recursive: true })
  writeFileSync(file, `${JSON.stringify(short, null, 1)}\n`)
  console.log(`\nThe shortest list of steps that fails likewise (${short.steps.length} of ${steps.length}):\n`)
  for (const step of short.steps) console.log(`  ${JSON.stringify(step)}`)
  console.log(`\n${replay(short)?.message}\n\nTo play these: npm run simulate -- --replay ${file}`)
  return 1
}

function again(file: string): number {
  const failure = replay(JSON.parse(readFileSync(file, 'utf8')) as Played) // as `report` wrote it
  console.log(failure?.message ?? 'All is well.')
  return failure ? 1 : 0
}

function number(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${option} must be a number, not '${text}'`)
  return value
}

process.exitCode = main(process.argv.slice(2))
