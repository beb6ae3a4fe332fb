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
}

/** A row's figures for the terminal. */
export function tableLines(_name: string, { figures }: Measured): string[] {
  const width = Math.max(...figures.map(({ what }) => what.length))
  return figures.map((figure) =>
    `  ${figure.what.padEnd(width)}  ${figure.figure.padStart(12)}  ${verdict(figure)}`.trimEnd()
  )
}

function verdict({ target, ratio, met }: Figure): string {
  if (target === undefined || ratio === undefined) return ''
  return `target ${target}: ${met ? 'met' : 'MISSED'} (${times(ratio)})`
}

/** The whole of docs/benchmarks.md. */
export function pageOf({ machine, measured, seconds, date, load }: Run): string {
  const { p50, p99, inMemory } = machine.sync
  const all = [...measured.values()].flatMap((row) => row?.figures ?? [])
  const missed = all.filter(({ met }) => met === false).length
  const judged = all.filter(({ met }) => met !== undefined).length
  const lines = [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit. Machines are shared and noisy: ratios within one run say more than the figures.',
    '',
    `- Date: ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC; samples of ${seconds} s`,
    `- Machine: ${machine.text}`,
    `- Load average of the last minute: ${load[0].toFixed(2)} before (others at work on this machine), ${load[1].toFixed(2)} after`,
    `- Disk: fdatasync after an append of 64 KiB: p50 ${ms(p50)}, p99 ${ms(p99)}${inMemory ? ' (in memory: this is no disk; TMPDIR chooses another place)' : ''}`,
    `- Targets: ${judged - missed} met, ${missed} missed`,
    '',
    '| row | what | figure | target | ratio | |',
    '| --- | --- | --- | --- | --- | --- |'
  ]
  for (const [name, row] of measured) {
    if (!row) lines.push(`| ${name} | not measured: the row failed | | | | **failed** |`)
    for (const { what, figure, target = '', ratio, met } of row?.figures ?? []) {
      const judged = met === undefined ? '' : met ? 'met' : '**missed**'
      lines.push(
        `| ${name} | ${what} | ${figure} | ${target} | ${ratio === undefined ? '' : times(ratio)} | ${judged} |`
      )
    }
  }
  lines.push(
    '',
    'The ratio is the figure over its target. Child processes, load generator and server share the cores above; everything is on loopback.'
  )
  for (const [name, row] of measured) if (row) lines.push('', `## ${name}`, '', row.how)
  return `${lines.join('\n')}\n`
}
