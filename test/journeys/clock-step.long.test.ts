import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * The clock of the machine is put back by an hour under a running server, put right again, and is an hour late at the
 * next start. Reservations time out all the while.
 */
const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }
const hour = 3_600_000

/** Loaded before the server: its machine's clock is late by so much from the start, and is set by signals. */
const setter = (late: number) => `
  const now = Date.now
  let late = ${late}
  Date.now = () => now() - late
  if (require('node:worker_threads').isMainThread) {
    process.on('SIGUSR2', () => { late = ${hour} })
    process.on('SIGWINCH', () => { late = 0 })
  }`

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
async function call({ url }: Started, path: string, form?: Record<string, string>): Promise<any> {
  const body = form && new URLSearchParams(form)
  return (await fetch(url + path, { ...(body && { method: 'POST', body }), headers })).json()
}

it('timers go on when the clock is put back, forward, and is late at a start', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-clock-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const startedLate = async (late: number) => {
    const preload = join(folder, `late-${late}.cjs`)
    await writeFile(preload, setter(late))
    const server = await started(['--data', join(folder, 'data')], { NODE_OPTIONS: `--require ${preload}` })
    onTestFinished(() => server.kill())
    return server
  }
  const server = await startedLate(0)
  const { taskrouter_workspace_sid } = await call(server, '/flex-api/v1/Configuration')
  const workspace = `/taskrouter/v1/Workspaces/${taskrouter_workspace_sid}`
  const { activities } = await call(server, `${workspace}/Activities?FriendlyName=Available`)
  const queue = await call(server, `${workspace}/TaskQueues`, { FriendlyName: 'Everybody' })
  const Configuration = JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
  const form = { FriendlyName: 'Default', Configuration, TaskReservationTimeout: '3' }
  const { sid: WorkflowSid } = await call(server, `${workspace}/Workflows`, form)
  const ActivitySid = activities[0].sid
  const worker = await call(server, `${workspace}/Workers`, { FriendlyName: 'Ada', ActivitySid })

  /** A task is offered to the one worker; the offer is over after three seconds, time enough to set the clock meanwhile. */
  const offered = async (at: Started) => {
    await call(at, `${workspace}/Workers/${worker.sid}`, { ActivitySid })
    const task = await call(at, `${workspace}/Tasks`, { WorkflowSid })
    const reservations = `${workspace}/Tasks/${task.sid}/Reservations`
    const over = async () => {
      const found = await call(at, reservations)
      return found.reservations.map((reservation: { reservation_status: string }) => reservation.reservation_status)
    }
    const end = () => call(at, `${workspace}/Tasks/${task.sid}`, { AssignmentStatus: 'canceled' })
    expect(await over()).toContain('pending')
    return { over, end }
  }
  const waits = { timeout: 20_000 }

  const first = await offered(server)
  server.child.kill('SIGUSR2')
  await expect.poll(first.over, waits).toContain('timeout')
  await first.end()
  const second = await offered(server)
  await expect.poll(second.over, waits).toContain('timeout')
  await second.end()
  const { clock } = await call(server, '/ready')
  expect(Math.abs(clock.stepped_ms + hour)).toBeLessThan(5_000)
  expect(clock.ahead_ms).toBeGreaterThan(hour - 60_000)
  expect(server.output().match(/the clock was put back by/g)).toHaveLength(1)

  server.child.kill('SIGWINCH')
  const third = await offered(server)
  await expect.poll(third.over, waits).toContain('timeout')
  await third.end()
  await expect.poll(async () => (await call(server, '/ready')).clock.ahead_ms, waits).toBeLessThan(1_000)
  expect(server.output().match(/the clock was put forward by/g)).toHaveLength(1)
  expect(await server.stop()).toBe(0)

  const late = await startedLate(hour)
  expect(late.output()).not.toContain('put back')
  const fourth = await offered(late)
  await expect.poll(fourth.over, waits).toContain('timeout')
  expect(late.output()).toContain('the data is ahead of the clock')
  expect(await late.stop()).toBe(0)
})
