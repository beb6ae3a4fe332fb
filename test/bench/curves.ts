import { cost } from './assignment.ts'
import { drawPanels, type Panel } from './drawing.ts'
import type { Shape } from './floor.ts'
import { count, type Measured, type Options, times, us } from './measured.ts'
import type { Used } from './processor.ts'

const usual = { workers: 1000, backlog: 10_000 }
const backlogs = [1000, 3000, 10_000, 30_000, 100_000]
const workers = [100, 300, 1000, 5000, 15_000]
const queues = 50

interface Point {
  readonly at: number
  readonly us: number
  readonly used: Used
  readonly cycles: number
}

/** How the cost of an assignment grows with the tasks that wait and with the workers, each while the other stays. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const known = new Map<string, ReturnType<typeof cost>>()
  const point = (at: number, shape: Pick<Shape, 'workers'> & { readonly backlog: number }): Point => {
    const what = `${count(shape.workers)} workers, ${count(shape.backlog)} waiting`
    const found = known.get(what) ?? cost(what, { ...shape, queues }, seconds / 2)
    known.set(what, found)
    return { at, ...found }
  }
  // What is compiled meanwhile counts as processor time, too: once for nothing, so that the first point is like the others.
  cost('to warm up', { ...usual, queues }, seconds)
  // The heap of a large floor slows down what follows it: the smaller ones come first.
  const byBacklog = backlogs.map((backlog) => point(backlog, { ...usual, backlog }))
  const byWorkers = workers.map((n) => point(n, { ...usual, workers: n }))
  const growth = (points: readonly Point[]) => {
    const costs = points.map(({ used }) => used.all)
    return times((costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN))
  }
  const panels: Panel[] = [
    panelOf(`waiting tasks (${count(usual.workers)} workers)`, byBacklog),
    panelOf(`workers (${count(usual.backlog)} waiting tasks)`, byWorkers)
  ]
  return {
    figures: [
      { what: 'cost of an assignment, 100,000 waiting tasks over 1,000', figure: growth(byBacklog) },
      { what: 'the same, 15,000 workers over 100', figure: growth(byWorkers) }
    ],
    how: `As in the row \`assignment\`, ${seconds / 2} s to warm up and ${0.75 * seconds} s measured for each point; by processor time of the whole process, garbage collection included, divided by the assignments. ${count(usual.workers)} workers and ${count(usual.backlog)} waiting tasks where nothing else is said, ${queues} queues.`,
    table: [
      '| workers | waiting tasks | processor time | by the clock (median) | assignments measured |',
      '| ---: | ---: | ---: | ---: | ---: |',
      ...byBacklog.map((found) => line(usual.workers, found.at, found)),
      ...byWorkers.map((found) => line(found.at, usual.backlog, found))
    ].join('\n'),
    picture: {
      file: 'benchmarks-scaling.svg',
      alt: `Processor time of an assignment: ${panels.map(({ x, points }) => `by ${x} ${points.map(([at, cost]) => `${count(at)}: ${us(cost)}`).join(', ')}`).join('; ')}`,
      svg: drawPanels(panels, { y: 'µs of processor time for an assignment' })
    }
  }
}

function line(workers: number, backlog: number, { us: clock_us, used, cycles }: Point): string {
  return `| ${count(workers)} | ${count(backlog)} | ${us(used.all)} | ${us(clock_us)} | ${count(cycles)} |`
}

function panelOf(x: string, points: readonly Point[]): Panel {
  return { x, points: points.map(({ at, used }) => [at, used.all]) }
}
