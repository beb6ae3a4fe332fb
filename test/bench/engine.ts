import type { Decision } from '@ringdown/engine/decide'
import { render } from '@ringdown/engine/events'
import { Floor } from './floor.ts'
import { atLeast, count, type Measured, median, type Options, perSecond, say, spread } from './measured.ts'

const shape = { workers: 1000, queues: 50 }

/** Task lifecycles (create, offer, accept, complete; all events) a second, in the engine alone. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const floor = new Floor(shape)
  let i = 0
  const round = (n: number) => {
    for (let k = 0; k < n; k++, i++) {
      floor.finish(floor.create(i).sid)
      // A hundred contacts a second: finished tasks leave after five minutes, so some thirty thousand stay in memory.
      floor.at += 10
    }
    floor.settle()
  }
  const rate = (duration_s: number) => {
    const begun = performance.now()
    let done = 0
    while (performance.now() - begun < duration_s * 1000) {
      round(100)
      done += 100
    }
    return done / ((performance.now() - begun) / 1000)
  }
  let events = 0
  const told = (decision: Decision) => {
    for (const event of decision.events) if (render(event).type !== '') events++
  }
  const samples = { alone: () => {}, rendered: told }
  const sample = (name: keyof typeof samples) => {
    const onDecision = samples[name]
    floor.onDecision = (_command, _seed, decision) => onDecision(decision)
    return rate(seconds)
  }
  // Both before any is measured: what is compiled for one alone is thrown away by the other.
  sample('alone')
  sample('rendered')
  const alone: number[] = []
  const rendered: number[] = []
  for (let i = 0; i < 3; i++) {
    alone.push(sample('alone'))
    rendered.push(sample('rendered'))
    say(`${perSecond(alone.at(-1) ?? 0)}, with events rendered ${perSecond(rendered.at(-1) ?? 0)}`)
  }
  if (events === 0) throw new Error('invariant: lifecycles have events')
  const kept = floor.state.tables.task.size
  return {
    figures: [
      atLeast('task lifecycles, engine alone', median(alone), 100_000, perSecond),
      { what: 'the same, every event rendered', figure: perSecond(median(rendered)) }
    ],
    how: `One thread, ${count(shape.workers)} workers, ${shape.queues} queues by skill, a workflow whose first target compares the task's language with the worker's. A lifecycle is \`task.create\` (offered in the same decision), \`reservation.update\` to accepted and \`task.update\` to completed, with the timers that come due; time moves on 10 ms each. ${count(kept)} tasks were in memory at the end. Minimum / median / maximum of three samples: ${spread(alone, perSecond)}; rendered: ${spread(rendered, perSecond)}.`
  }
}
