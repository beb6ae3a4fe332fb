import { compile } from '@ringdown/engine/matching/expression/compile'

/** What a process that has never seen an expression takes to compile one, in milliseconds. */
export interface ColdCompile {
  readonly processor_ms: number
  readonly ms: number
}

process.once('message', (expression: string) => {
  const begun = performance.now()
  const before = process.cpuUsage()
  compile(expression, 'worker')
  const { user, system } = process.cpuUsage(before)
  const told: ColdCompile = { processor_ms: (user + system) / 1000, ms: performance.now() - begun }
  process.send?.(told)
})
process.on('disconnect', () => process.exit())
