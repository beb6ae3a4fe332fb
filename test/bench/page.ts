import type { Machine } from './machine.ts'
import { type Figure, type Measured, ms, times } from './measured.ts'

interface Run {
  readonly machine: Machine
  /** By row; undefined where the row failed. */
  readonly measured: ReadonlyMap<string, Measured | undefined>
  readonly seconds: number
  readonly date: Date
  /** Load averages of the last minute, before and after. */
  readonly load: readonly [number, number]
  /** Text of `notes.md`: what somebody wrote about rows, each under its name as a heading of the second level. */
  readonly notes: string
}

/** A row's figures for the terminal. */
export function tableLines({ figures }: Pick<Measured, 'figures'>): string[] {
  const width = Math.max(...figures.map(({ what }) => what.length))
  return figures.map((figure) =>
    `  ${figure.what.padEnd(width)}  ${figure.figure.padStart(12)}  ${verdict(figure)}`.trimEnd()
  )
}

function verdict({ target, ratio, met }: Figure): string {
  if (target === undefined || ratio === undefined) return ''
  return `target ${target}: ${met ? 'met' : 'MISSED'} (${times(ratio)})`
}

/**
 * The whole of docs/benchmarks.md: the targets with their verdicts, what is missed and why, then each row with all its
 * figures and how they were measured.
 */
export function pageOf({ machine, measured, seconds, date, load, notes }: Run): string {
  const { p50, p99, inMemory } = machine.sync
  const all = [...measured].flatMap(([name, row]) => (row?.figures ?? []).map((figure) => ({ name, ...figure })))
  const aimed = all.filter(({ target }) => target !== undefined)
  const [met, missed, unknown] = [true, false, undefined].map(
    (is) => aimed.filter((figure) => figure.met === is).length
  )
  const failed = [...measured].filter(([, row]) => row === undefined).map(([name]) => name)
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit (what is said about misses is in `test/bench/notes.md`). Machines are shared and noisy: ratios within one run say more than the figures.',
    '',
    `- Date: ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC; samples of ${seconds} s`,
    `- Machine: ${machine.text}`,
    `- Load average of the last minute: ${load[0].toFixed(2)} before (others at work on this machine), ${load[1].toFixed(2)} after`,
    `- Disk: fdatasync after an append of 64 KiB: p50 ${ms(p50)}, p99 ${ms(p99)}; while every processor is busy at the lowest priority p50 ${ms(machine.syncBusy.p50)}, p99 ${ms(machine.syncBusy.p99)}${inMemory ? ' (in memory: this is no disk; TMPDIR chooses another place)' : ''}`,
    `- Targets: ${met} met, ${missed} missed${unknown ? `, ${unknown} not measured` : ''}${failed.length > 0 ? `; rows that failed: ${failed.join(', ')}` : ''}`,
    '',
    '`npm run bench -- --only endurance` measures apart what shows in the long run (memory, descriptors, stopping, taking over, floods), with `--minutes 60` for the whole of it; `--only load` the largest floor.',
    '',
    'Child processes, load generator and server share the cores above; everything is on loopback.',
    '',
    '## Targets',
    '',
    '| row | what | figure | target | figure over target | |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...aimed.map(
      ({ name, what, figure, target = '', ratio, met: isMet }) =>
        `| [${name}](#${name}) | ${what} | ${figure} | ${target} | ${ratio === undefined ? '' : times(ratio)} | ${judged(isMet)} |`
    ),
    ...failed.map((name) => `| ${name} | the row failed | not measured | | | **failed** |`),
    ...missedLines(measured, notesByRow(notes))
  ]
  for (const [name, row] of measured) if (row) lines.push(...rowLines(name, row))
  return `${lines.join('\n')}\n`
}

function judged(met: boolean | undefined): string {
  return met === undefined ? '' : met ? 'met' : '**missed**'
}

/** Every row that missed a target, with what was written about it. */
function missedLines(
  measured: ReadonlyMap<string, Measured | undefined>,
  notes: ReadonlyMap<string, string>
): string[] {
  const missing = [...measured].flatMap(([name, row]) => {
    const missed = row?.figures.filter(({ met }) => met === false) ?? []
    return row && missed.length === 0 ? [] : [{ name, row, missed }]
  })
  const lines = ['', '## What is missed, and why', '']
  if (missing.length === 0) return [...lines, 'Nothing.']
  return [
    ...lines,
    ...missing.flatMap(({ name, row, missed }, i) => {
      const what = row
        ? missed.map((figure) => `${figure.what}: ${figure.figure} (target ${figure.target})`).join('; ')
        : 'it failed'
      return [...(i > 0 ? [''] : []), `**${name}**: ${what}.`, '', notes.get(name) ?? 'Nobody has said why yet.']
    })
  ]
}

/** What follows each heading of the second level, by its text. */
function notesByRow(text: string): Map<string, string> {
  const parts = text.split(/^## +/m).slice(1)
  const notes = parts.map((part): [string, string] => {
    const end = part.indexOf('\n')
    return end < 0 ? [part.trim(), ''] : [part.slice(0, end).trim(), part.slice(end).trim()]
  })
  return new Map(notes.filter(([, note]) => note !== ''))
}

function rowLines(name: string, { figures, how, table, picture }: Measured): string[] {
  return [
    '',
    `## ${name}`,
    '',
    '| what | figure | target | |',
    '| --- | ---: | ---: | --- |',
    ...figures.map(({ what, figure, target = '', met }) => `| ${what} | ${figure} | ${target} | ${judged(met)} |`),
    ...(picture ? ['', `![${picture.alt}](${picture.file})`] : []),
    ...(table ? ['', table] : []),
    '',
    how
  ]
}
