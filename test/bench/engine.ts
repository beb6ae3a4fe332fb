import type { Decision } from '@ringdown/engine/decide'
import { render } from '@ringdown/engine/events'
import { Floor } from './floor.ts'
import { atLeast, count, type Measured, median, type Options, perSecond, say, spread } from './measured.ts'
import { middleOf, type Sample, sampled, sampleText, usedText } from './processor.ts'

const shape = { workers: 1000, queues: 50 }
/** As many come before anything is measured: a floor of five minutes, at a hundred contacts a second. */
const steady = 30_000

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
  const run = (duration_s: number) =>
    sampled(process.pid, async () => {
      const end = performance.now() + duration_s * 1000
      let done = 0
      for (; performance.now() < end; done += 100) round(100)
      return done
    })
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
  await sample('alone')
  await sample('rendered')
  const alone: Sample[] = []
  const rendered: Sample[] = []
  for (let k = 0; k < 3; k++) {
    const first = await sample('alone')
    const second = await sample('rendered')
    alone.push(first)
    rendered.push(second)
    say(`${sampleText(first)}; with events rendered ${sampleText(second)}`)
  }
  if (events === 0) throw new Error('invariant: lifecycles have events')
  const kept = floor.state.tables.task.size
  const rates = { alone: alone.map(({ rate }) => rate), rendered: rendered.map(({ rate }) => rate) }
  const used = { alone: middleOf(alone).used, rendered: middleOf(rendered).used }
  return {
    figures: [
      atLeast('task lifecycles, engine alone', median(rates.alone), 65_000, perSecond),
      { what: 'the same, every event rendered', figure: perSecond(median(rates.rendered)) },
      { what: 'processor time of a lifecycle, engine alone', figure: usedText(used.alone) },
      { what: 'processor time of a lifecycle, every event rendered', figure: usedText(used.rendered) }
    ],
    how: `One thread, ${count(shape.workers)} workers, ${shape.queues} queues by skill, a workflow whose first target compares the task's language with the worker's. A lifecycle is \`task.create\` (offered in the same decision), \`reservation.update\` to accepted and \`task.update\` to completed, three decisions, whose finished tasks leave memory as they do in a server; time moves on 10 ms each. ${count(kept)} tasks were in memory at the end. Minimum / median / maximum of three samples: ${spread(rates.alone, perSecond)}; rendered: ${spread(rates.rendered, perSecond)}.`
  }
}
