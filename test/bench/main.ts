import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compare, comparisonLines, type Round } from './comparison.ts'
import { endAll, endOnSignals, endWithRun, isEnding, temporaryFolder } from './lifetime.ts'
import { busySyncLatency, describeMachine, type Machine, syncLatency } from './machine.ts'
import { type Measure, type Measured, ms, type Options } from './measured.ts'
import { amended, pageOf, tableLines } from './page.ts'
import { buildRevision } from './revision.ts'
import { together } from './together.ts'

/*
 * `npm run bench`. Each row is measured in a process of its own, so that none inherits another one's heap or compiled
 * code, and one that never ends can be ended.
 */

interface Row {
  readonly load: () => Promise<{ readonly measure: Measure }>
  /** Seconds after which it is ended, and said to have failed. */
  readonly limit_s?: number
  /** It takes `--minutes` beyond that. */
  readonly isLong?: boolean
  /** It is measured only when it is named. */
  readonly isApart?: boolean
  /** It is measured in one process; all others are in two, since one differs from the next. */
  readonly isOnce?: boolean
}

const rows: Readonly<Record<string, Row>> = {
  engine: { load: () => import('./engine.ts') },
  assignment: { load: () => import('./assignment.ts') },
  curves: { load: () => import('./curves.ts'), isOnce: true },
  store: { load: () => import('./store.ts') },
  bytes: { load: () => import('./bytes.ts') },
  // Old events are deleted slowly: decisions come first.
  log: { load: () => import('./log.ts'), limit_s: 400 },
  yardsticks: { load: () => import('./yardsticks.ts') },
  http: { load: () => import('./http.ts') },
  latency: { load: () => import('./latency.ts') },
  get: { load: () => import('./get.ts') },
  // Each of them opens a socket, one after the other.
  people: { load: () => import('./people.ts'), limit_s: 300, isOnce: true },
  // A conversation of many messages is written, one by one.
  messages: { load: () => import('./messages.ts'), limit_s: 300, isOnce: true },
  // Each of them begins a chat and opens a socket.
  webchat: { load: () => import('./webchat.ts'), limit_s: 600, isOnce: true },
  // Each call is several requests, and as many to programs.
  voice: { load: () => import('./voice.ts'), limit_s: 300, isOnce: true },
  studio: { load: () => import('./studio.ts'), limit_s: 300, isOnce: true },
  // The first server of its folder is given two minutes to count what it finds.
  start: { load: () => import('./start.ts'), limit_s: 400 },
  // Most of it is writing a month of events and reading them.
  statistics: { load: () => import('./statistics.ts'), limit_s: 300, isOnce: true },
  // Most of it is writing a year of segments.
  insights: { load: () => import('./insights.ts'), limit_s: 400, isOnce: true },
  questions: { load: () => import('./questions.ts'), limit_s: 400, isOnce: true },
  deliveries: { load: () => import('./deliveries.ts') },
  // It begins a hundred calls, and they talk.
  sound: { load: () => import('./sound.ts'), limit_s: 300, isOnce: true },
  // It needs a browser.
  desk: { load: () => import('./desk.ts'), isApart: true, isOnce: true },
  // Two thousand calls, one after the other.
  churn: { load: () => import('./churn.ts'), limit_s: 1800, isApart: true, isOnce: true },
  // Others beside what is legal and long.
  turns: { load: () => import('./turns.ts'), limit_s: 300, isApart: true, isOnce: true },
  flood: { load: () => import('./flood.ts'), isApart: true },
  hour: { load: () => import('./hour.ts'), limit_s: 3600, isLong: true, isApart: true, isOnce: true },
  load: { load: () => import('./load.ts'), limit_s: 1800, isApart: true, isOnce: true },
  endurance: { load: () => import('./endurance.ts'), limit_s: 600, isLong: true, isApart: true, isOnce: true }
}

const usual_limit_s = 150
const whole = Object.keys(rows).filter((name) => !rows[name]?.isApart)

const usage = `npm run bench -- [options]

  --only ROW,ROW     ${whole.join(', ')};
                     load, hour, churn and endurance (minutes), desk (a browser), turns and flood are measured only when they
                     are named;
                     the page is then not written, unless --into-page
  --seconds N        how long one sample takes (2)
  --minutes N        how long endurance loads its server, and minutes of the test clock in hour (2); 60 for the
                     whole of it
  --people N         how many workers sign in, in the row people (2000)
  --chats N          how many pages customers have open, in the row webchat (10000); a tenth of them is active
  --calls N          how many calls the row churn makes (2000)
  --into-page        puts the rows that --only names into docs/benchmarks.md as it is, each with its date and machine
  --no-write         leaves docs/benchmarks.md as it is
  --profile FOLDER   servers leave CPU profiles there
  --against REV      builds that revision in .build/against, measures it and this one in turns, and prints what
                     this one costs over it; with --only, and best on a quiet machine
  --rounds N         how often each of both is measured then (7)
`

const root = new URL('../../../', import.meta.url)
const here = fileURLToPath(import.meta.url)
const page = fileURLToPath(new URL('docs/benchmarks.md', root))
const notes = fileURLToPath(new URL('test/bench/notes.md', root))

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      people: { type: 'string' },
      chats: { type: 'string' },
      calls: { type: 'string' },
      'into-page': { type: 'boolean' },
      'no-write': { type: 'boolean' },
      profile: { type: 'string' },
      against: { type: 'string' },
      rounds: { type: 'string' },
      row: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help) return void process.stdout.write(usage)
  const seconds = Number(values.seconds ?? 2)
  if (!(seconds > 0 && seconds <= 60))
    throw new BadArgument(`--seconds must be above 0 and at most 60, not '${values.seconds}'.`)
  const minutes = Number(values.minutes ?? 2)
  if (!(minutes > 0 && minutes <= 1440))
    throw new BadArgument(`--minutes must be above 0 and at most 1440, not '${values.minutes}'.`)
  const people = Number(values.people ?? 2000)
  if (!(Number.isInteger(people) && people > 0 && people <= 5000))
    throw new BadArgument(`--people must be a whole number from 1 to 5000, not '${values.people}'.`)
  const chats = Number(values.chats ?? 10_000)
  if (!(Number.isInteger(chats) && chats >= 10 && chats <= 50_000))
    throw new BadArgument(`--chats must be a whole number from 10 to 50000, not '${values.chats}'.`)
  const calls = Number(values.calls ?? 2000)
  if (!(Number.isInteger(calls) && calls >= 20 && calls <= 1_000_000))
    throw new BadArgument(`--calls must be a whole number from 20 to 1000000, not '${values.calls}'.`)
  const options: Options = { seconds, minutes, people, chats, calls, profile: values.profile }
  endOnSignals()
  if (values.row !== undefined) return measureHere(values.row, options)

  const names = values.only?.split(',') ?? whole
  for (const name of names)
    if (!Object.hasOwn(rows, name)) throw new BadArgument(`There is no row '${name}': ${Object.keys(rows).join(', ')}.`)
  if (values['into-page']) {
    const headings = readFileSync(page, 'utf8').split('\n')
    const missing = names.filter((name) => !headings.includes(`## ${name}`))
    if (values.only === undefined || missing.length > 0)
      throw new BadArgument(
        `--into-page is for rows that --only names and the page has; it lacks: ${missing.join(', ')}.`
      )
  }
  if (values.against !== undefined) {
    const rounds = Number(values.rounds ?? 7)
    if (!(Number.isInteger(rounds) && rounds > 0)) throw new BadArgument(`--rounds must be a number above 0.`)
    return measureAgainst(values.against, names, rounds, seconds)
  }
  const before = loadavg()[0] ?? 0
  const folder = temporaryFolder()
  const machine: Machine = {
    ...describeMachine(),
    sync: syncLatency(folder),
    syncBusy: await busySyncLatency(folder)
  }
  process.stdout.write(
    `${machine.text}; fdatasync p50 ${ms(machine.sync.p50)}, p99 ${ms(machine.sync.p99)}; while all processors are busy p50 ${ms(machine.syncBusy.p50)}, p99 ${ms(machine.syncBusy.p99)}\n`
  )
  const measured = new Map<string, Measured | undefined>()
  for (const name of names) {
    process.stdout.write(`\n${name}\n`)
    const results: (Measured | undefined)[] = []
    for (let process = 0; process < (rows[name]?.isOnce ? 1 : 2); process++) {
      results.push(await measureInChild(here, name, args, rows[name]?.isLong ? minutes * 60 : 0))
      if (isEnding()) return
    }
    const result = together(results)
    measured.set(name, result)
    if (result) for (const line of tableLines(result)) process.stdout.write(`${line}\n`)
  }
  const failed = names.filter((name) => measured.get(name) === undefined)
  const run = { machine, measured, seconds, date: new Date(), notes: readFileSync(notes, 'utf8') }
  const isPart = values.only !== undefined
  if (values['no-write'] || (isPart && (!values['into-page'] || failed.length > 0)))
    process.stdout.write('\ndocs/benchmarks.md is left as it was.\n')
  else {
    const load = [before, loadavg()[0] ?? 0] as const
    writeFileSync(page, isPart ? amended(readFileSync(page, 'utf8'), run) : pageOf({ ...run, load }))
    for (const result of measured.values())
      if (result?.picture) writeFileSync(join(dirname(page), result.picture.file), result.picture.svg)
    process.stdout.write('\nWritten: docs/benchmarks.md\n')
  }
  if (failed.length > 0) throw new BadArgument(`Not measured, because of an error: ${failed.join(', ')}.`)
}

/** Both revisions in turns, each beginning every other round: whatever else is at work on the machine disturbs both alike. */
async function measureAgainst(
  revision: string,
  names: readonly string[],
  rounds: number,
  seconds: number
): Promise<void> {
  const other = await buildRevision(revision, fileURLToPath(root)).catch((error: Error) => {
    throw new BadArgument(`--against: ${error.message.trim()}`)
  })
  const args = ['--seconds', String(seconds)]
  process.stdout.write(`${describeMachine().text}; this revision, and ${other.sha}, in turns\n`)
  for (const name of names) {
    process.stdout.write(`\n${name}\n`)
    const done: Round[] = []
    for (let k = 0; k < rounds; k++) {
      const figures = new Map<string, Measured | undefined>()
      const mains = [here, other.main]
      for (const main of k % 2 ? mains.reverse() : mains) {
        figures.set(main, await measureInChild(main, name, args))
        if (isEnding()) return
      }
      done.push({ ours: figures.get(here)?.figures, theirs: figures.get(other.main)?.figures })
      process.stdout.write(`  round ${k + 1} of ${rounds}\n`)
    }
    process.stdout.write(`\n${comparisonLines(compare(done)).join('\n') || '  Nothing that both tell.'}\n`)
  }
}

/** Measures a row of the bench with that main file. Undefined when it failed; what went wrong has been printed. */
async function measureInChild(
  main: string,
  name: string,
  args: readonly string[],
  more_s = 0
): Promise<Measured | undefined> {
  const child = fork(main, [...args, '--row', name], {
    execArgv: ['--max-old-space-size=6144']
  })
  const end = endWithRun(child)
  let result: Measured | undefined
  child.on('message', (message) => {
    result = message as Measured // it is the only message that a row sends
  })
  const { limit_s = usual_limit_s } = rows[name] ?? {}
  const timer = setTimeout(
    () => {
      process.stdout.write(`  not ready after ${limit_s + more_s} s\n`)
      void end()
    },
    (limit_s + more_s) * 1000
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  return code === 0 ? result : undefined
}

/** In the row's own process. */
async function measureHere(name: string, options: Options): Promise<void> {
  const row = await rows[name]?.load()
  if (!row) throw new BadArgument(`There is no row '${name}'.`)
  const result = await row.measure(options)
  await new Promise((resolve) => process.send?.(result, resolve))
}

class BadArgument extends Error {}

main(process.argv.slice(2))
  .catch((error: unknown) => {
    if (isEnding()) return
    process.stderr.write(`${error instanceof BadArgument ? error.message : (error as Error).stack}\n`)
    process.exitCode = 1
  })
  .finally(async () => {
    await endAll()
    process.exit()
  })
