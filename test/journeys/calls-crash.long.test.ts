import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../store/places.ts'
import { databases } from '../store/stores.ts'
import { credentials, type Started, started } from '../support/process.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { twiml, type VoiceResponse } from '../support/switchboard.ts'

/*
 * The plug is pulled with calls in every state that a call can be in: who waited still waits, in the same place, who was
 * asked is still asked, who talked still hears the other, and a program that has not answered is asked again.
 */

const { account_sid, auth_token } = credentials

let folder: string
let there: PostgresPlace | undefined
let server: Started
let hooks: Receiver

async function open(place: () => Promise<PostgresPlace | undefined>): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-calls-'))
  there = await place()
  hooks = await receiver({ auth_token })
  server = await up()
}
afterEach(async () => {
  await server.kill()
  await hooks.close()
  await there?.clear()
  await rm(folder, { recursive: true, force: true })
})

/** A server is there; on PostgreSQL it waits until the one before it has lost the account. */
async function up(): Promise<Started> {
  const next = await started([
    ...['--data', folder, '--allow-private-destinations'],
    ...(there ? ['--database', there.url] : [])
  ])
  await expect.poll(async () => (await fetch(`${next.url}/ready`)).status, { timeout: 30_000 }).toBe(200)
  return next
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const call: Started['call'] = (...asked) => server.call(...asked)

const account = `/2010-04-01/Accounts/${account_sid}`
const answers = (path: string, write: (response: VoiceResponse) => void) =>
  hooks.answer(path, { body: twiml(write), headers: { 'content-type': 'text/xml' } })

async function phone(Address: string): Promise<string> {
  return (await call('/ringdown/v1/Phones', { Address })).sid
}

async function number(digit: number, path: string): Promise<string> {
  const PhoneNumber = `+1415555010${digit}`
  await call(`${account}/IncomingPhoneNumbers.json`, { PhoneNumber, VoiceUrl: `${hooks.url}${path}` })
  return PhoneNumber
}

const lastOf = async (phone_sid: string) => (await call(`/ringdown/v1/Phones/${phone_sid}/Calls`)).phone_calls[0]
const dial = async (phone_sid: string, To: string): Promise<string> =>
  (await call(`/ringdown/v1/Phones/${phone_sid}/Calls`, { To })).sid
const act = (phone_sid: string, sid: string, Action: string, more = {}) =>
  call(`/ringdown/v1/Phones/${phone_sid}/Calls/${sid}`, { Action, ...more })
const heard = async (phone_sid: string): Promise<string[]> =>
  (await call(`/ringdown/v1/Phones/${phone_sid}/Heard?PageSize=1000`)).heard.map(
    ({ what, content, speaker }: Answer) =>
      what === 'speech' ? `${speaker}: ${content}` : `${what}: ${content ?? speaker}`
  )
const recordings = async (call_sid: string): Promise<Answer[]> =>
  (await call(`${account}/Calls/${call_sid}/Recordings.json`)).recordings
/** The only conference that goes on. */
const conferenceOf = async (): Promise<string> =>
  (await call(`${account}/Conferences.json?Status=in-progress`)).conferences[0].sid
const until = (phone_sid: string, line: string) =>
  expect.poll(() => heard(phone_sid), { timeout: 15_000 }).toContain(line)

for (const { name, available, place } of databases)
  describe.runIf(available)(`a server on ${name} that is killed`, () => {
    it('goes on with every call', { timeout: 120_000 }, async () => {
      await open(place)
      const { sid: workspace } = await call('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', Template: 'FIFO' })
      const floor = `/taskrouter/v1/Workspaces/${workspace}`
      const { activities } = await call(`${floor}/Activities`)
      const available = activities.find((one: Answer) => one.available).sid
      const [workflow] = (await call(`${floor}/Workflows`)).workflows
      for (const name of ['ada', 'bob'])
        await call(`${floor}/Workers`, {
          ...{ FriendlyName: name, ActivitySid: available },
          Attributes: JSON.stringify({ contact_uri: `client:${name}` })
        })
      answers('/menu', (response) => {
        response.gather({ numDigits: 1, action: '/pressed', timeout: 60 }).say('Press a key')
      })
      answers('/pressed', (response) => response.say('Thank you'))
      answers('/agent', (response) => response.enqueue({ workflowSid: workflow.sid }, undefined as never))
      answers('/line', (response) => response.enqueue({}, 'line'))
      answers('/message', (response) => response.record({ timeout: 60, playBeep: false, action: '/recorded' }))
      answers('/recorded', (response) => response.say('It is kept'))
      answers('/friend', (response) => {
        response.dial({ timeout: 60, action: '/called' }).number('+33612345680')
      })
      answers('/called', (response) => response.say('It was called'))
      hooks.answer('/slow', { hang: true })

      const [menu, slow, line, agent] = [
        await number(1, '/menu'),
        await number(2, '/slow'),
        await number(3, '/line'),
        await number(4, '/agent')
      ]
      const [message, friend] = [await number(5, '/message'), await number(6, '/friend')]
      const people = await Promise.all([1, 2, 3, 4, 5, 6].map((digit) => phone(`+3361234567${digit}`)))
      const [ann, bea, cat, dan, eve, fay] = people as [string, string, string, string, string, string]
      const [gus, hal, ivy, jon] = [
        await phone('+33612345677'),
        await phone('+33612345678'),
        await phone('+33612345679'),
        await phone('+33612345680')
      ]
      const [ada, bob] = [await phone('client:ada'), await phone('client:bob')]

      // Ann is asked; Bea's program hangs; Cat and Dan wait, in that order.
      const annCall = await dial(ann, menu)
      await dial(bea, slow)
      await dial(cat, line)
      await until(cat, 'play: ringdown:music')
      await dial(dan, line)
      await until(dan, 'play: ringdown:music')
      await until(ann, 'say: Press a key')
      // Eve talks with whoever was offered her call; for Fay the other one's phone rings.
      const eveCall = await dial(eve, agent)
      await until(eve, 'play: ringdown:music')
      const instruct = async () => {
        const { workers } = await call(`${floor}/Workers`)
        for (const { sid, friendly_name } of workers) {
          const { reservations } = await call(`${floor}/Workers/${sid}/Reservations?ReservationStatus=pending`)
          const [one] = reservations
          if (!one) continue
          await call(`${floor}/Tasks/${one.task_sid}/Reservations/${one.sid}`, { Instruction: 'conference' })
          return friendly_name === 'ada' ? ada : bob
        }
        throw new Error('nobody was offered anything')
      }
      const first = await instruct()
      const other = first === ada ? bob : ada
      await act(first, (await lastOf(first)).sid, 'answer')
      await dial(fay, agent)
      await until(fay, 'play: ringdown:music')
      await instruct()
      // Gus leaves a message; Hal talks with whom he has called, who is called by Ivy as well; Eve is on hold.
      const gusCall = await dial(gus, message)
      await expect.poll(async () => (await recordings(gusCall)).length, { timeout: 15_000 }).toBe(1)
      await act(gus, gusCall, 'speak', { Text: 'First half' })
      const halCall = await dial(hal, friend)
      await until(hal, 'ringback: null')
      await act(jon, (await lastOf(jon)).sid, 'answer')
      const ivyCall = await dial(ivy, friend)
      await until(ivy, 'ringback: null')
      const inside = `${account}/Conferences/${await conferenceOf()}/Participants`
      await call(`${inside}/${eveCall}.json`, { Hold: 'true' })
      await expect.poll(async () => (await lastOf(other)).status, { timeout: 10_000 }).toBe('ringing')
      await expect.poll(() => hooks.to('/slow').length, { timeout: 10_000 }).toBe(1)

      await server.kill()
      answers('/slow', (response) => response.say('Sorry for the wait'))
      server = await up()

      // The question that nobody had answered is asked again.
      await until(bea, 'say: Sorry for the wait')
      const [queue] = (await call(`${account}/Queues.json`)).queues.filter(
        (one: Answer) => one.friendly_name === 'line'
      )
      const { queue_members } = await call(`${account}/Queues/${queue.sid}/Members.json`)
      const callers = await Promise.all([cat, dan].map(async (one) => (await lastOf(one)).sid))
      expect(queue_members.map(({ call_sid }: Answer) => call_sid)).toEqual(callers)
      await act(ann, annCall, 'press', { Digits: '1' })
      await until(ann, 'say: Thank you')
      await act(first, (await lastOf(first)).sid, 'speak', { Text: 'Are you on hold?' })
      expect((await heard(eve)).join()).not.toContain('Are you on hold?')
      await call(`${inside}/${eveCall}.json`, { Hold: 'false' })
      await act(gus, gusCall, 'speak', { Text: 'Second half' })
      await act(gus, gusCall, 'press', { Digits: '#' })
      await until(gus, 'say: It is kept')
      const [recording] = await recordings(gusCall)
      expect(recording).toMatchObject({ status: 'completed', source: 'RecordVerb' })
      await act(hal, halCall, 'speak', { Text: 'Is it still you?' })
      await until(jon, '+33612345678: Is it still you?')
      const calledTwice = (await call(`/ringdown/v1/Phones/${jon}/Calls`)).phone_calls
      expect(calledTwice.map(({ status }: Answer) => status).sort()).toEqual(['in-progress', 'ringing'])
      await act(ivy, ivyCall, 'hang-up')
      const ofIvy = async () =>
        (await call(`/ringdown/v1/Phones/${jon}/Calls`)).phone_calls.map(({ status }: Answer) => status)
      expect((await ofIvy()).sort()).toEqual(['canceled', 'in-progress'])
      await act(first, (await lastOf(first)).sid, 'speak', { Text: 'Are you still there?' })
      await act(eve, eveCall, 'speak', { Text: 'Yes' })
      const name = first === ada ? 'client:ada' : 'client:bob'
      expect(await heard(eve)).toContain(`${name}: Are you still there?`)
      await act(other, (await lastOf(other)).sid, 'answer')
      await act(fay, (await lastOf(fay)).sid, 'speak', { Text: 'At last' })
      expect(await heard(other)).toContain('+33612345676: At last')
      expect((await call(`${account}/Conferences.json?Status=in-progress`)).conferences.length).toBe(2)
    })
  })
