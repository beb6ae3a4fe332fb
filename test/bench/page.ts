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
  const aimed = [...measured.values()].flatMap((row) => aimedOf(row))
  const counts = countsText([true, false, undefined].map((is) => aimed.filter(({ met }) => met === is).length))
  const failed = [...measured].filter(([, row]) => row === undefined).map(([name]) => name)
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit (what is said about misses is in `test/bench/notes.md`). Machines are shared and noisy: ratios within one run say more than the figures.',
    '',
    `- Date: ${minuteText(date)}; samples of ${seconds} s`,
    `- Machine: ${machine.text}`,
    `- Load average of the last minute: ${load[0].toFixed(2)} before (others at work on this machine), ${load[1].toFixed(2)} after`,
    `- Disk: fdatasync after an append of 64 KiB: p50 ${ms(p50)}, p99 ${ms(p99)}; while every processor is busy at the lowest priority p50 ${ms(machine.syncBusy.p50)}, p99 ${ms(machine.syncBusy.p99)}${inMemory ? ' (in memory: this is no disk; TMPDIR chooses another place)' : ''}`,
    `${countsStart}${counts}${failed.length > 0 ? `; rows that failed: ${failed.join(', ')}` : ''}`,
    '',
    '`npm run bench -- --only endurance` measures apart what shows in the long run (memory, descriptors, stopping, taking over, floods), with `--minutes 60` for the whole of it; `--only load` the largest floor.',
    '',
    'Child processes, load generator and server share the cores above; everything is on loopback.',
    '',
    `## ${targetsHeading}`,
    '',
    '| row | what | figure | target | figure over target | |',
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...[...measured].flatMap(([name, row]) => targetLines(name, row)),
    ...failed.map((name) => `| ${name} | the row failed | not measured | | | **failed** |`),
    '',
    `## ${missedHeading}`,
    ...missedText([...reasonsOf(measured, notes).values()])
  ]
  for (const [name, row] of measured) if (row) lines.push(...rowLines(name, row))
  return `${lines.join('\n')}\n`
}

const targetsHeading = 'Targets'
const missedHeading = 'What is missed, and why'
const countsStart = '- Targets: '
const countsLine = /^- Targets: \d+ met, \d+ missed(, \d+ not measured)?/m

/** Of met, missed and unknown ones. */
function countsText([met = 0, missed = 0, unknown = 0]: readonly number[]): string {
  return `${met} met, ${missed} missed${unknown > 0 ? `, ${unknown} not measured` : ''}`
}

function minuteText(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/**
 * The page with some of its rows measured anew, on whatever machine: they say when and where, since the others are of
 * another run. Only the whole of the bench says which rows there are.
 */
export function amended(page: string, { machine, measured, seconds, date, notes }: Omit<Run, 'load'>): string {
  const parts = new Map(page.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part]))
  const [title = '', head = ''] = parts.entries().next().value ?? []
  const names = [...parts.keys()].slice(1)
  let targets = parts.get(targetsHeading)?.trimEnd().split('\n') ?? []
  const reasons = new Map<string, string>()
  const eachOf = new RegExp(`^(?=\\*\\*(?:${names.join('|')})\\*\\*: )`, 'm')
  const [, ...blocks] = (parts.get(missedHeading) ?? '').split(eachOf)
  for (const block of blocks) reasons.set(block.slice(2, block.indexOf('**', 2)), block.trimEnd())
  for (const [name, row] of measured) {
    if (!row || !parts.has(name)) throw new Error(`invariant: ${name} was measured, and is on the page`)
    const how = `${row.how} Measured apart from the rest of this page: ${minuteText(date)}, samples of ${seconds} s, ${machine.text}.`
    const [, , ...lines] = rowLines(name, { ...row, how })
    parts.set(name, [name, ...lines].join('\n'))
    targets = [...targets.filter((line) => !line.startsWith(targetStart(name))), ...targetLines(name, row)]
    reasons.delete(name)
    for (const [missed, why] of reasonsOf(new Map([[name, row]]), notes)) reasons.set(missed, why)
  }
  // As the rows are, and what is no row's before.
  const place = (line: string) => names.findIndex((name) => line.startsWith(targetStart(name)))
  targets.sort((a, b) => place(a) - place(b))
  const judged = (verdict: string) => targets.filter((line) => line.endsWith(`| ${verdict} |`)).length
  const counts = countsText([judged('met'), judged('**missed**'), judged('')])
  parts.set(title, head.replace(countsLine, `${countsStart}${counts}`))
  parts.set(targetsHeading, targets.join('\n'))
  const inOrder = names.flatMap((name) => reasons.get(name) ?? [])
  parts.set(missedHeading, [missedHeading, ...missedText(inOrder)].join('\n'))
  return `${[...parts.values()].map((part) => part.trimEnd()).join('\n\n## ')}\n`
}

function aimedOf(row: Measured | undefined): Figure[] {
  return row?.figures.filter(({ target }) => target !== undefined) ?? []
}

function targetLines(name: string, row: Measured | undefined): string[] {
  return aimedOf(row).map(
    ({ what, figure, target = '', ratio, met }) =>
      `${targetStart(name)}${what} | ${figure} | ${target} | ${ratio === undefined ? '' : times(ratio)} | ${judged(met)} |`
  )
}

function targetStart(name: string): string {
  return `| [${name}](#${name}) | `
}

function judged(met: boolean | undefined): string {
  return met === undefined ? '' : met ? 'met' : '**missed**'
}

/** By row that missed a target: what it missed, and what was written about it. */
function reasonsOf(measured: Run['measured'], notes: string): Map<string, string> {
  const written = notesByRow(notes)
  const missing = [...measured].flatMap(([name, row]): [string, string][] => {
    const missed = row?.figures.filter(({ met }) => met === false) ?? []
    if (row && missed.length === 0) return []
    const what = row
      ? missed.map((figure) => `${figure.what}: ${figure.figure} (target ${figure.target})`).join('; ')
      : 'it failed'
    return [[name, `**${name}**: ${what}.\n\n${written.get(name) ?? 'Nobody has said why yet.'}`]]
  })
  return new Map(missing)
}

function missedText(reasons: readonly string[]): string[] {
  return ['', reasons.length === 0 ? 'Nothing.' : reasons.join('\n\n')]
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
