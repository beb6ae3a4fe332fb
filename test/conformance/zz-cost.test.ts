import { it } from 'vitest'
import { decide } from '@ringdown/engine/decide'
import { State } from '@ringdown/engine/state/state'
import { defaultSettings } from '@ringdown/engine/settings'
import { seedOf } from '@ringdown/engine/state/ids'
it('cost', { timeout: 300000 }, () => {
  const state = new State(`AC${'0'.repeat(32)}`, { ...defaultSettings, limits: { ...defaultSettings.limits, workers: 20000 } })
  let n = 0
  const run = (command: any): any => decide(state, { at: 1e12 + n, seed: seedOf(1, n++), command }).result
  const ws = run({ type: 'workspace.create', friendly_name: 'x' }).workspace.sid
  const time = (name: string, count: number, f: (i: number) => void) => { const t = performance.now(); for (let i = 0; i < count; i++) f(i); console.log(name, ((performance.now() - t) / count).toFixed(3), 'ms each') }
  time('queue before workers', 1000, (i) => run({ type: 'task_queue.create', workspace_sid: ws, friendly_name: `Q${i}`, target_workers: `skills HAS 's${i}'` }))
  const wk: string[] = []
  time('worker', 10000, (i) => wk.push(run({ type: 'worker.create', workspace_sid: ws, friendly_name: `W${i}`, attributes: `{"skills":["s${(i * 7) % 1500}"],"level":${i % 9}}` }).worker.sid))
  time('queue after workers', 500, (i) => run({ type: 'task_queue.create', workspace_sid: ws, friendly_name: `R${i}`, target_workers: `skills HAS 't${i}' OR level > 3` }))
  time('worker update', 2000, (i) => run({ type: 'worker.update', workspace_sid: ws, sid: wk[i]!, attributes: `{"skills":["s${i % 1500}"]}` }))
})
