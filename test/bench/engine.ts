import type { Decision } from '@ringdown/engine/decide'
import { render } from '@ringdown/engine/events'
import { Floor } from './floor.ts'
import { atLeast, count, type Measured, median, type Options, perSecond, say, spread, us } from './measured.ts'

const shape = { workers: 1000, queues: 50 }
/** As many come before anything is measured: a floor of five minutes, at a hundred contacts a second. */
const steady = 30_000

/** What one sample says. Others may be at work on the machine: then CPU time says more than the clock. */
interface Sample {
  /** Lifecycles a second, by the clock. */
  readonly rate: number
  /** CPU time of the whole process for one lifecycle, the collector's threads included. */
  readonly cpu_us: number
}

/** Task lifecycles (create, offer, accept, complete; all events) a second, in the engine alone. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const floor = new Floor(shape)
  let i = 0
  const round = (n: number) => {
    for (let k = 0; k < n; k++, i++) {
      floor.finish(floor.create(i).sid)
      floor.at += 10
    }
    floor.settle()
  }
  const run = (duration_s: number): Sample => {
    const begun = performance.now()
    const used = process.cpuUsage()
    let done = 0
    while (performance.now() - begun < duration_s * 1000) {
      round(100)
      done += 100
    }
    const { user, system } = process.cpuUsage(used)
    return { rate: done / ((performance.now() - begun) / 1000), cpu_us: (user + system) / done }
  }
  let events = 0
  const told = (decision: Decision) => {
    for (const event of decision.events) if (render(event).type !== '') events++
  }
  const samples = { alone: () => {}, rendered: told }
  const sample = (name: keyof typeof samples) => {
    const onDecision = samples[name]
    floor.onDecision = (_command, _seed, decision) => onDecision(decision)
    return run(seconds)
  }
  // Both before any is measured: what is compiled for one alone is thrown away by the other.
  while (i < steady) round(100)
  sample('alone')
  sample('rendered')
  const alone: Sample[] = []
  const rendered: Sample[] = []
  for (let k = 0; k < 3; k++) {
    const first = sample('alone')
    const second = sample('rendered')
    alone.push(first)
    rendered.push(second)
    say(`${shown(first)}; with events rendered ${shown(second)}`)
  }
  if (events === 0) throw new Error('invariant: lifecycles have events')
  const kept = floor.state.tables.task.size
  const rates = { alone: alone.map(({ rate }) => rate), rendered: rendered.map(({ rate }) => rate) }
  const cpu = { alone: alone.map(({ cpu_us }) => cpu_us), rendered: rendered.map(({ cpu_us }) => cpu_us) }
  return {
    figures: [
      atLeast('task lifecycles, engine alone', median(rates.alone), 65_000, perSecond),
      { what: 'the same, every event rendered', figure: perSecond(median(rates.rendered)) },
      { what: 'CPU time of a lifecycle, engine alone', figure: us(median(cpu.alone)) },
      { what: 'CPU time of a lifecycle, every event rendered', figure: us(median(cpu.rendered)) }
    ],
    how: `One thread, ${count(shape.workers)} workers, ${shape.queues} queues by skill, a workflow whose first target compares the task's language with the worker's. A lifecycle is \`task.create\` (offered in the same decision), \`reservation.update\` to accepted and \`task.update\` to completed, three decisions, whose finished tasks leave memory as they do in a server; time moves on 10 ms each. ${count(kept)} tasks were in memory at the end. Minimum / median / maximum of three samples: ${spread(rates.alone, perSecond)}; rendered: ${spread(rates.rendered, perSecond)}. CPU time is that of the process, with its collector's threads: ${spread(cpu.alone, us)}; rendered: ${spread(cpu.rendered, us)}.`
  }
}

function shown({ rate, cpu_us }: Sample): string {
  return `${perSecond(rate)} (${us(cpu_us)} of CPU time each)`
}
