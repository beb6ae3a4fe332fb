import { expect, it, onTestFinished } from 'vitest'
import { connected } from './agent.ts'
import { agent, Center } from './center.ts'
import { Wire } from './wire.ts'

/** For no longer are those who follow the log kept waiting for an answer (packages/server/src/commit/exchange.ts), with some room. */
const patience_ms = 200

it('a tool on a server in its own process is answered before anybody is told what it did', async () => {
  const center = await Center.open({ testClock: false })
  onTestFinished(() => center.world.close())
  const { running } = center.world
  const { call } = await connected(center.backend(new Wire(running.url)), { exchange: () => running.exchange() })
  let [round, isWrong] = [0, false]
  for (let n = 0; round < 20 && !isWrong; n++) {
    let isTold = false
    const poll = center.world.call('/ringdown/v1/Events?types=worker.attributes.update&wait_s=10').then((answer) => {
      isTold = true
      return answer
    })
    // It is there when the next answer is: requests of one process are read in their order.
    await center.world.call('/ringdown/v1/Events?limit=1&wait_s=0')
    const change = { attributes: { n }, taskChannel: 'chat', capacity: 1 + (n % 2) }
    const begun = performance.now()
    await call('manage_workers', { action: 'update', workerSid: 'bob', ...change })
    // An answer that takes longer than others are kept waiting for says nothing: a busy machine plays the round again.
    if (performance.now() - begun < patience_ms) {
      isWrong = isTold
      round++
    }
    expect((await poll).body.events).toHaveLength(1)
  }
  expect([round, isWrong]).toEqual([20, false])
}, 60_000)

it('an exchange that nobody opened, or that is over, holds nobody up', async () => {
  const { center } = await agent()
  const { world, workspaceSid, workers } = center
  const { name, end } = world.running.exchange()
  end()
  const account = await world.running.account
  for (const exchange of ['0'.repeat(32), name]) {
    const before = account.notified_seq
    const path = `/taskrouter/v1/Workspaces/${workspaceSid}/Workers/${workers.bob}`
    await world.call(path, { Attributes: `{"n":"${exchange}"}` }, { headers: { 'ringdown-exchange': exchange } })
    expect(account.notified_seq).toBeGreaterThan(before)
  }
})
