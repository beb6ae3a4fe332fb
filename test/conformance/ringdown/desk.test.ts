import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type World, world } from '../../support/world.ts'

/* What the desk keeps beside Twilio's APIs: notes between colleagues, and what they often say. */

for (const { name, available, place } of databases)
  describe.runIf(available)(`the desk on ${name}`, () => {
    let here: World
    let there: PostgresPlace | undefined
    beforeAll(async () => {
      there = await place()
      here = await world({ ...(there && { database: there.url }) })
      await here.running.account
    })
    afterAll(async () => {
      await here.close()
      await there?.clear()
    })

    const v1 = '/ringdown/v1'
    const remove = { method: 'DELETE' }

    it('keeps notes of a conversation, open or closed, by SID or unique name, and goes with it', async () => {
      const { sid } = (await here.call('/conversations/v1/Conversations', { UniqueName: 'order-1' })).body
      const notes = `${v1}/Conversations/${sid}/Notes`
      const first = await here.call(notes, { Author: 'amelie', Body: 'VIP', Mentions: ['emil', 'nora'] })
      expect(first).toMatchObject({
        status: 201,
        body: { author: 'amelie', body: 'VIP', mentions: ['emil', 'nora'], conversation_sid: sid }
      })
      expect(new URL(first.body.url).pathname).toBe(`${notes}/${first.body.sid}`)
      await here.call(`/conversations/v1/Conversations/${sid}`, { State: 'closed' })
      await here.call(`${v1}/Conversations/order-1/Notes`, { Body: 'Called back' })
      const list = (await here.call(`${notes}?Order=desc`)).body.notes
      expect(list.map(({ body }: { body: string }) => body)).toEqual(['Called back', 'VIP'])
      const one = `${notes}/${first.body.sid}`
      expect((await here.call(one, { Body: 'Not a VIP' })).body).toMatchObject({ body: 'Not a VIP', author: 'amelie' })
      expect((await here.call(one)).body.body).toBe('Not a VIP')
      expect((await here.call(one, undefined, remove)).status).toBe(204)
      expect((await here.call(one)).status).toBe(404)
      const told = (await here.call(`${v1}/Events?since=PT1H&types=note.*&conversation_sid=${sid}`)).body.events
      expect(told.map(({ type }: { type: string }) => type)).toEqual([
        'note.added',
        'note.added',
        'note.updated',
        'note.removed'
      ])
      await here.call(`/conversations/v1/Conversations/${sid}`, undefined, remove)
      expect((await here.call(notes)).status).toBe(404)
    })

    it('refuses notes that are none, and those of nowhere', async () => {
      const { sid } = (await here.call('/conversations/v1/Conversations', {})).body
      const notes = `${v1}/Conversations/${sid}/Notes`
      expect((await here.call(notes, {})).status).toBe(400)
      expect((await here.call(notes, { Body: 'x'.repeat(16_385) })).status).toBe(400)
      const many = Array.from({ length: 51 }, (_, n) => `agent-${n}`)
      expect((await here.call(notes, { Body: 'x', Mentions: many })).status).toBe(400)
      expect((await here.call(`${v1}/Conversations/CH${'0'.repeat(32)}/Notes`, { Body: 'x' })).status).toBe(404)
      const { body: note } = await here.call(notes, { Body: 'x' })
      const other = (await here.call('/conversations/v1/Conversations', {})).body.sid
      expect((await here.call(`${v1}/Conversations/${other}/Notes/${note.sid}`)).status).toBe(404)
      expect((await here.call(`${v1}/Conversations/${other}/Notes/${note.sid}`, { Body: 'y' })).status).toBe(404)
    })

    it('keeps canned responses, found by section, language and shortcut', async () => {
      const responses = `${v1}/CannedResponses`
      const made = await here.call(responses, {
        Section: 'Général',
        Label: 'Bonjour',
        Text: 'Bonjour {{name}} !',
        Language: 'fr',
        Shortcut: 'bj'
      })
      expect(made).toMatchObject({ status: 201, body: { language: 'fr', shortcut: 'bj', task_queue_sids: [] } })
      const document = { categories: [{ section: 'General', responses: [{ label: 'Hello', text: 'Hello!' }] }] }
      const take = { Responses: JSON.stringify(document) }
      expect(await here.call(`${responses}/Import`, take)).toMatchObject({
        status: 200,
        body: { created: 1, updated: 0 }
      })
      expect((await here.call(`${responses}/Import`, take)).body).toEqual({ created: 0, updated: 0 })
      const labels = async (query: string) =>
        (await here.call(`${responses}?${query}`)).body.canned_responses.map(({ label }: { label: string }) => label)
      expect(await labels('')).toEqual(['Bonjour', 'Hello'])
      expect(await labels('Section=General')).toEqual(['Hello'])
      expect(await labels(`Section=${encodeURIComponent('Ge\u0301ne\u0301ral')}`)).toEqual(['Bonjour'])
      expect(await labels('Language=fr&Shortcut=bj')).toEqual(['Bonjour'])
      expect((await here.call(responses, { Section: 'A', Label: 'B', Text: 'C', Shortcut: 'bj' })).status).toBe(409)
      const one = `${responses}/${made.body.sid}`
      expect((await here.call(one, { Text: 'Salut !' })).body).toMatchObject({ text: 'Salut !', shortcut: 'bj' })
      expect((await here.call(one, undefined, remove)).status).toBe(204)
      expect((await here.call(one)).status).toBe(404)
      expect((await here.call(`${responses}/Import`)).status).toBe(405)
    })
  })
