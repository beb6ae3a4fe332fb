import {
  eraseKeptAnswers,
  forgetKeptAnswers,
  type KeptAnswer,
  keptAnswerOf,
  keptAnswerTable
} from '@ringdown/server/commit/kept-answers'
import { type AccountHead, Fenced, type Store } from '@ringdown/server/store/store'
import { insertsOf } from '@ringdown/server/store/tables'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { batch, put, row, sid } from './batches.ts'
import type { Place } from './places.ts'
import { stores } from './stores.ts'

function answer(key: string, more: Partial<KeptAnswer> = {}): KeptAnswer {
  return {
    idempotency_key: key,
    fingerprint: 'f',
    status: 201,
    etag: null,
    body: '{"body":"Grüße\\u0000"}',
    created_at: 1,
    resource_sid: null,
    conversation_sid: null,
    chat_service_sid: null,
    ...more
  }
}

for (const { name, available, place } of stores)
  describe.runIf(available)(`answers that are kept on ${name}`, () => {
    let here: Place
    let store: Store
    let head: AccountHead
    let stories = 0

    beforeAll(async () => {
      here = await place()
      store = await here.open()
      await store.migrate()
    })
    afterAll(() => here.clear())
    beforeEach(async () => {
      head = await store.lock(sid('AC', ++stories))
    })

    async function write(...answers: KeptAnswer[]): Promise<void> {
      const rows = [put('worker', row('WK', head.next_seq))]
      const next = { ...batch(head, { rows }), writes: [insertsOf(keptAnswerTable, answers)] }
      await store.write(next)
      head = { ...head, ...next.head }
    }

    const kept = (key: string, since = 0) => keptAnswerOf(store, head.account_sid, { key, since })

    it('are there with the decision, or not at all', async () => {
      const one = answer('one', { etag: '"0"' })
      await write(one, answer('two'))
      expect(await kept('one')).toEqual(one)
      expect(await kept('three')).toBeUndefined()
      const older = head
      head = await store.lock(head.account_sid)
      const late = { ...batch(older, {}), writes: [insertsOf(keptAnswerTable, [answer('three')])] }
      await expect(store.write(late)).rejects.toThrow(Fenced)
      head = await store.lock(head.account_sid)
      expect(await kept('three')).toBeUndefined()
    })

    it('are of their account, count for a time, and then another one may take the place', async () => {
      await write(answer('one', { created_at: 10 }))
      expect(await kept('one', 9)).toBeDefined()
      expect(await kept('one', 10)).toBeUndefined()
      await write(answer('one', { created_at: 20, body: '' }))
      expect(await kept('one', 10)).toEqual(answer('one', { created_at: 20, body: '' }))
      head = await store.lock(sid('AC', ++stories))
      expect(await kept('one')).toBeUndefined()
    })

    it('go when they are old enough, a few at a time', async () => {
      await write(...[1, 2, 3, 4].map((n) => answer(`key ${n}`, { created_at: n })))
      expect(await forgetKeptAnswers(store, head.account_sid, 4, 2)).toBe(2)
      expect(await forgetKeptAnswers(store, head.account_sid, 4, 2)).toBe(1)
      expect(await kept('key 3')).toBeUndefined()
      expect(await kept('key 4')).toBeDefined()
    })

    it('lose their text when what they show is removed, by itself, with its conversation, or with its service', async () => {
      const [message, conversation, service] = [sid('IM', 1), sid('CH', 1), sid('IS', 1)]
      const of = { conversation_sid: conversation, chat_service_sid: service }
      await write(
        answer('message', { resource_sid: message, ...of }),
        answer('other message', { resource_sid: sid('IM', 2), ...of }),
        answer('other conversation', { resource_sid: sid('CH', 2), chat_service_sid: service }),
        answer('stranger', { resource_sid: sid('CH', 3) })
      )
      const texts = async () =>
        Promise.all(
          ['message', 'other message', 'other conversation', 'stranger'].map(
            async (key) => (await kept(key))?.body !== null
          )
        )
      await eraseKeptAnswers(store, head.account_sid, [message])
      expect(await texts()).toEqual([false, true, true, true])
      await eraseKeptAnswers(store, head.account_sid, [conversation])
      expect(await texts()).toEqual([false, false, true, true])
      await eraseKeptAnswers(store, head.account_sid, [service, sid('CH', 9)])
      expect(await texts()).toEqual([false, false, false, true])
    })
  })
