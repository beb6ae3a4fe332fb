import { Floor, type Shape } from './floor.ts'
import { atMost, count, type Measured, median, type Options, say, times, us } from './measured.ts'
import { type Used, usedBy, usedSince, usedText } from './processor.ts'

const small = { workers: 1000, queues: 50, backlog: 10_000 } satisfies Shape
const large = { workers: 15_000, queues: 50, backlog: 100_000 } satisfies Shape
const unique = { ...small, variant: 'unique' } satisfies Shape
const open = { workers: 1000, queues: 5000, backlog: 10_000, variant: 'open' } satisfies Shape

/** Assignments at most, and how often their cost is taken: figures are medians over blocks. */
const maxCycles = 20_000
const block = 50

/** Cost of one assignment while everybody is busy and a backlog waits, and how it grows with the floor. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const simple = cost('1,000 workers, 10,000 waiting', small, seconds)
  const grown = cost('15,000 workers, 100,000 waiting', large, seconds)
  const grouped = cost('1,000 workers, 10,000 waiting, target on a group', unique, seconds)
  const shared = cost('1,000 workers, 10,000 waiting, 5,000 queues of 1==1', open, seconds)
  return {
    figures: [
      { what: 'cost of an assignment, 1,000 workers and 10,000 waiting tasks', figure: us(simple.us) },
      { what: 'the same, 15,000 workers and 100,000 waiting tasks', figure: us(grown.us) },
      {
        what: 'processor time of an assignment, 1,000 workers and 10,000 waiting tasks',
        figure: usedText(simple.used)
      },
      { what: 'processor time of the same, 15,000 workers and 100,000 waiting tasks', figure: usedText(grown.used) },
      atMost('the second over the first', grown.us / simple.us, 2, times),
      atMost('target on an attribute of task and worker, over the simple case', grouped.us / simple.us, 2, times),
      atMost('5,000 queues of `1==1`, over the simple case', shared.us / simple.us, 2, times)
    ],
    how: `In the engine alone. Everybody is busy; one cycle accepts and completes the task of one worker, who is offered the next waiting task in the same decision, and creates one task, which waits, so that the backlog keeps its length. Its cost is that of one assignment with all that belongs to it; it is the median over blocks of ${block} cycles. The number of cycles is bounded by time (${seconds} s to warm up, ${1.5 * seconds} s measured, at most ${count(maxCycles)}): ${[simple, grown, grouped, shared].map(({ cycles }) => count(cycles)).join(', ')} were measured. Waiting tasks are brought in as rows, as at a start. The group is one of 500, so two workers share one; with 5,000 queues, tasks stand in all of them.`
  }
}

/** Microseconds by the clock (the median over blocks), and of processor time (the mean, garbage collection included). */
export function cost(
  what: string,
  shape: Shape,
  seconds: number
): { readonly us: number; readonly used: Used; readonly cycles: number } {
  const begun = performance.now()
  const floor = new Floor(shape)
  const built_s = (performance.now() - begun) / 1000
  const open = floor.state.tables.reservation
  // Whoever works takes turns, so that all queues and languages have theirs.
  const reserved = [...floor.state.tables.worker.by('workspace_sid', floor.workspace_sid)].flatMap(({ sid }) => {
    const [reservation] = open.by('open_by_worker', sid)
    return reservation ? [reservation.task_sid] : []
  })
  if (reserved.length === 0) throw new Error('invariant: somebody is busy')
  let i = shape.backlog ?? 0
  let at = 0
  const cycle = () => {
    const worker_sid = floor.finish(reserved[at] as string) // at stays below the length
    const [next] = open.by('open_by_worker', worker_sid)
    if (!next) throw new Error('invariant: whoever is free is offered a waiting task')
    reserved[at] = next.task_sid
    at = (at + 1) % reserved.length
    floor.create(i++)
    floor.at += 1
  }
  const blocks = (duration_s: number) => {
    const costs: number[] = []
    const end = performance.now() + duration_s * 1000
    for (let cycles = 0; performance.now() < end && cycles < maxCycles; ) {
      const from = performance.now()
      let done = 0
      // A block ends with the time, too: one cycle may be slow.
      for (; done < block && (done === 0 || performance.now() < end); done++) cycle()
      costs.push(((performance.now() - from) * 1000) / done)
      cycles += done
    }
    return costs
  }
  blocks(seconds)
  const from = i
  const before = usedBy(process.pid)
  const figure = median(blocks(seconds * 1.5))
  const used = usedSince(process.pid, before, i - from)
  say(`${what}: ${us(figure)} (${i - from} assignments; the floor was built in ${built_s.toFixed(1)} s)`)
  return { us: figure, used, cycles: i - from }
}
