import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from '@ringdown/engine/commands'
import { seedOf } from '@ringdown/engine/core/ids'
import { Refusal } from '@ringdown/engine/core/refusals'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Dice } from '../../../../test/support/dice.ts'
import { TestClock } from '../clock/clock.ts'
import { schema } from '../schema.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { Account } from './account.ts'
import { replay } from './replay.ts'

const ours = '+37256000001'
const customer = '+33600000001'

let folder: string
let store: Store
let account: Account
/** Kinds that the store was asked for. */
let asked: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-absent-'))
  store = await openStore({ schema, data: folder })
  asked = []
  const told = new Proxy(store, {
    get(target, name) {
      if (name === 'find') {
        return (account_sid: string, kind: string, where: Record<string, string>) => {
          asked.push(kind)
          return target.find(account_sid, kind, where)
        }
      }
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    }
  })
  const clock = new TestClock(Date.parse('2026-03-02T09:00:00Z'))
  const log = pino({ level: 'silent' })
  account = await Account.open({ store: told, account_sid: `AC${'0'.repeat(32)}`, clock, log, seed: 7, journal: true })
  await account.execute({ type: 'conversations.setup' })
})

afterEach(async () => {
  await account.close()
  await store.close()
  await rm(folder, { recursive: true })
})

const timesAsked = (kind: string) => asked.filter((one) => one === kind).length

/** Once nobody needs them in memory any more, rows are in the store alone. */
async function settled() {
  await account.notified()
  await new Promise((resolve) => setImmediate(resolve))
}

describe('what the store has said is not there', () => {
  it('is not asked for with every message of a customer, until the customer opts out', async () => {
    const { phone } = await account.execute({ type: 'phone.create', address: customer })
    const write = (body: string) => account.execute({ type: 'phone.write', phone_sid: phone.sid, to: ours, body })
    const answer = () => account.execute({ type: 'channel_message.create', from: ours, to: customer, body: 'Yes?' })
    await write('Hello')
    await settled()
    const once = timesAsked('address_pair')
    await write('Is anybody there?')
    await answer()
    expect(timesAsked('address_pair')).toBe(once)

    await write('STOP')
    await settled()
    await expect(answer()).rejects.toMatchObject({ code: 'message.opted_out' })
    await write('START')
    await settled()
    await answer()
  })

  it('is asked for again when a row has come to be called so', async () => {
    const named = (unique_name: string) => account.execute({ type: 'conversation.create', unique_name })
    const { conversation } = await named('first')
    // Refused, and so the name is known to be nobody's.
    const other = { type: 'conversation.update', sid: 'second', state: 'closed' } as const
    await expect(account.execute(other)).rejects.toThrow()
    await account.execute({ type: 'conversation.update', sid: conversation.sid, unique_name: 'second' })
    await account.execute({ type: 'conversation.update', sid: conversation.sid, state: 'closed' })
    await settled()
    expect(account.state.resident('conversation', conversation.sid)).toBeUndefined()
    await expect(named('second')).rejects.toThrow()
    await named('first')
  })

  it('does not count when a decision was made while it was looked up', async () => {
    const both = await Promise.allSettled(
      [1, 2, 3].map(() => account.execute({ type: 'user.create', identity: 'ada' }))
    )
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await settled()
    await expect(account.execute({ type: 'user.create', identity: 'ada' })).rejects.toThrow()
  })

  it.each([1, 2, 3, 4])(
    'is what a memory that holds every row would say, whatever comes at once (%i)',
    async (seed) => {
      const dice = new Dice(seedOf(seed, 0))
      const phones = ['+33600000001', '+33600000002', 'whatsapp:+33600000003']
      for (const address of phones) await account.execute({ type: 'phone.create', address })
      const names = ['one', 'two', 'three']
      const any = <T>(kind: 'conversation' | 'phone', otherwise: T) =>
        dice.chance(70) ? (account.state.tables[kind].all().at(-1 - dice.roll(3))?.sid ?? otherwise) : otherwise
      const made = (): Command => {
        const name = dice.of(names)
        switch (dice.roll(9)) {
          case 0:
            return { type: 'conversation.create', unique_name: name }
          case 1:
            return { type: 'conversation.update', sid: any('conversation', name), unique_name: dice.of(names) }
          case 2:
            return { type: 'conversation.update', sid: any('conversation', name), state: 'closed' }
          case 3:
            return { type: 'conversation.delete', sid: any('conversation', name) }
          case 4:
            return { type: 'user.create', identity: name }
          case 5:
            return { type: 'user.delete', sid: name }
          case 6:
            return { type: 'participant.create', conversation_sid: any('conversation', name), identity: dice.of(names) }
          case 7: {
            const body = dice.of(['Hello', 'STOP', 'START'])
            return { type: 'phone.write', phone_sid: any('phone', name), to: dice.of([ours, `whatsapp:${ours}`]), body }
          }
          default:
            return { type: 'channel_message.create', from: ours, to: dice.of(phones), body: 'Hello' }
        }
      }
      let refused = 0
      for (let wave = 0; wave < 40; wave++) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 1 + dice.roll(6) }, () => account.execute(made()))
        )
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue
          if (!(outcome.reason instanceof Refusal)) throw outcome.reason
          refused++
        }
        if (dice.chance(70)) await settled()
      }
      await settled()
      expect(refused).toBeGreaterThan(5)
      // Whatever was decided on less than there is would be refused now, or be other rows.
      const whole = await replay(store, account.account_sid)
      for (const kind of ['conversation', 'user', 'participant', 'address_pair', 'channel_message'] as const)
        for (const row of whole.tables[kind].all())
          expect(
            account.state.resident(kind, row.sid) ?? (await store.find(account.account_sid, kind, { sid: row.sid }))[0]
          ).toEqual(row)
    }
  )
})
