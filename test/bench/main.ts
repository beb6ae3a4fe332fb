import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { endAll, endOnSignals, endWithRun, isEnding, temporaryFolder } from './lifetime.ts'
import { describeMachine, type Machine, syncLatency } from './machine.ts'
import { type Measure, type Measured, ms, type Options } from './measured.ts'
import { pageOf, tableLines } from './page.ts'

/*
 * `npm run bench`. Each row is measured in a process of its own, so that none inherits another one's heap or compiled
 * code, and one that never ends can be ended.
 */

const rows: Readonly<Record<string, () => Promise<{ readonly measure: Measure }>>> = {
  engine: () => import('./engine.ts'),
  assignment: () => import('./assignment.ts'),
  store: () => import('./store.ts'),
  http: () => import('./http.ts'),
  latency: () => import('./latency.ts'),
  get: () => import('./get.ts'),
  start: () => import('./start.ts')
}

const usage = `npm run bench -- [options]

  --only ROW,ROW     ${Object.keys(rows).join(', ')}; the page is then not written
  --seconds N        how long one sample takes (2)
  --no-write         leaves docs/benchmarks.md as it is
  --profile FOLDER   servers leave CPU profiles there
`

const page = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url))
/** A row that takes longer is ended, and said to have failed. */
const limit_s = 150

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seconds: { type: 'string' },
      'no-write': { type: 'boolean' },
      profile: { type: 'string' },
      row: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (values.help) return void process.stdout.write(usage)
  const seconds = Number(values.seconds ?? 2)
  if (!(seconds > 0 && seconds <= 60))
    throw new BadArgument(`--seconds must be above 0 and at most 60, not '${values.seconds}'.`)
  const options: Options = { seconds, profile: values.profile }
  endOnSignals()
  if (values.row !== undefined) return measureHere(values.row, options)

  const names = values.only?.split(',') ?? Object.keys(rows)
  for (const name of names)
    if (!Object.hasOwn(rows, name)) throw new BadArgument(`There is no row '${name}': ${Object.keys(rows).join(', ')}.`)
  const before = loadavg()[0] ?? 0
  const machine: Machine = { ...describeMachine(), sync: syncLatency(temporaryFolder()) }
  process.stdout.write(`${machine.text}; fdatasync p50 ${ms(machine.sync.p50)}, p99 ${ms(machine.sync.p99)}\n`)
  const measured = new Map<string, Measured | undefined>()
  for (const name of names) {
    process.stdout.write(`\n${name}\n`)
    const result = await measureInChild(name, args)
    if (isEnding()) return
    measured.set(name, result)
    if (result) for (const line of tableLines(name, result)) process.stdout.write(`${line}\n`)
  }
  const failed = names.filter((name) => measured.get(name) === undefined)
  if (values['no-write'] || values.only !== undefined) process.stdout.write('\ndocs/benchmarks.md is left as it was.\n')
  else {
    writeFileSync(page, pageOf({ machine, measured, seconds, date: new Date(), load: [before, loadavg()[0] ?? 0] }))
    process.stdout.write('\nWritten: docs/benchmarks.md\n')
  }
  if (failed.length > 0) throw new BadArgument(`Not measured, because of an error: ${failed.join(', ')}.`)
}

/** Undefined when the row failed; what went wrong has been printed. */
async function measureInChild(name: string, args: readonly string[]): Promise<Measured | undefined> {
  const child = fork(fileURLToPath(import.meta.url), [...args, '--row', name], {
    execArgv: ['--max-old-space-size=6144']
  })
  const end = endWithRun(child)
  let result: Measured | undefined
  child.on('message', (message) => {
    result = message as Measured // it is the only message that a row sends
  })
  const timer = setTimeout(() => {
    process.stdout.write(`  not ready after ${limit_s} s\n`)
    void end()
  }, limit_s * 1000)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  return code === 0 ? result : undefined
}

/** In the row's own process. */
async function measureHere(name: string, options: Options): Promise<void> {
  const row = await rows[name]?.()
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
