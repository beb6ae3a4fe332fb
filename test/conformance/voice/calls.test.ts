import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Switchboard, switchboard, twiml } from '../../support/switchboard.ts'

/* Calls from outside and to it, with documents as the official library writes them (reference voice 1 to 4). */

for (const { name, available, place } of databases)
  describe.runIf(available)(`a call on ${name}`, () => {
    let center: Switchboard
    let there: PostgresPlace | undefined

    beforeAll(async () => {
      there = await place()
      const iceServers = ['stun:stun.example:3478', 'turn:ada:pass%20word@turn.example:3478']
      center = await switchboard({ iceServers, ...(there && { database: there.url }) })
    })
    afterAll(async () => {
      await center.close()
      await there?.clear()
    })

    it('comes in, hears a menu, presses a key, is led on and hung up on', async () => {
      const { hooks, here } = center
      center.answers('/voice', (response) => {
        response.gather({ numDigits: 1, action: '/pressed' }).say('Press 2 for support')
        response.say('Nothing was pressed')
      })
      center.answers('/pressed', (response, asked) => {
        response.say(`You pressed ${asked.form.Digits}`)
        response.redirect('/bye')
      })
      center.answers('/bye', (response) => {
        response.say('Goodbye')
        response.hangup()
      })
      const ann = await center.phone('+33612340001')
      const sid = await ann.call(center.number)
      expect((await ann.last()).status).toBe('in-progress')
      await ann.press('2')
      await center.pass(5)
      expect(await ann.heard()).toEqual([
        ...['say: Press 2 for support', 'say: You pressed 2', 'say: Goodbye', 'ended: completed']
      ])
      const [first] = hooks.to('/voice')
      expect(first?.isSigned).toBe(true)
      expect(first?.form).toMatchObject({
        ...{ CallSid: sid, From: '+33612340001', To: center.number, CallStatus: 'ringing', Direction: 'inbound' },
        ...{ ApiVersion: '2010-04-01', FromCountry: 'FR', ToCountry: 'US' }
      })
      expect(hooks.to('/pressed')[0]?.form).toMatchObject({ Digits: '2', msg: 'Gather End', CallStatus: 'in-progress' })
      const call = await here.client.calls(sid).fetch()
      expect(call).toMatchObject({ status: 'completed', direction: 'inbound', from: '+33612340001' })
      expect(Number(call.duration)).toBeGreaterThanOrEqual(2)
      const found = await here.client.calls.list({ from: '+33612340001' })
      expect(found.map((one) => one.sid)).toEqual([sid])
    })

    it('goes out, and tells of its way in order, signed', async () => {
      const { hooks, here } = center
      const bob = await center.phone('+33612340002', { CallOutcome: 'answers', AnsweredAfterMs: '2000' })
      hooks.answer('/status', { status: 204 })
      const made = await here.client.calls.create({
        to: bob.address,
        from: center.number,
        twiml: twiml((response) => response.say('Hello Bob')),
        statusCallback: `${hooks.url}/status`,
        statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed']
      })
      expect(made.status).toBe('queued')
      await center.pass(5)
      expect(await bob.heard()).toEqual(['say: Hello Bob', 'ended: completed'])
      const told = hooks.to('/status')
      expect(told.map(({ form }) => [form.CallStatus, form.SequenceNumber])).toEqual([
        ['initiated', '0'],
        ['ringing', '1'],
        ['in-progress', '2'],
        ['completed', '3']
      ])
      expect(told.every(({ isSigned }) => isSigned)).toBe(true)
      expect(told[3]?.form).toMatchObject({
        CallbackSource: 'call-progress-events',
        Duration: '1',
        Direction: 'outbound-api'
      })
    })

    it('goes out with a document that says nothing: who answers is hung up on', async () => {
      const { here } = center
      const eli = await center.phone('+33612340012', { CallOutcome: 'answers', AnsweredAfterMs: '2000' })
      const made = await here.client.calls.create({ to: eli.address, from: center.number, twiml: '<Response/>' })
      expect(made.status).toBe('queued')
      await center.pass(1)
      expect((await eli.last()).status).toBe('ringing')
      await center.pass(2)
      expect(await eli.heard()).toEqual(['ended: completed'])
      expect(await here.client.calls(made.sid).fetch()).toMatchObject({ status: 'completed', duration: '0' })
      // One that lives is ended by it as well.
      const other = await here.client.calls.create({
        ...{ to: eli.address, from: center.number, twiml: twiml((response) => response.pause({ length: 60 })) }
      })
      await center.pass(4)
      expect((await eli.last()).status).toBe('in-progress')
      await here.client.calls(other.sid).update({ twiml: '<Response></Response>' })
      expect((await here.client.calls(other.sid).fetch()).status).toBe('completed')
    })

    it('hears an apology where a program lies, bombs or is away, and the debugger says why', async () => {
      const { hooks, here } = center
      const cat = await center.phone('+33612340009')
      const bomb = '<!DOCTYPE r [<!ENTITY a "aaaa">]><Response><Say>&a;</Say></Response>'
      const wrong: readonly (readonly [Parameters<typeof hooks.answer>[1], number])[] = [
        [{ body: bomb, headers: { 'content-type': 'text/xml' } }, 12100],
        [{ body: '{}', headers: { 'content-type': 'application/json' } }, 12300],
        [{ status: 500 }, 11200]
      ]
      for (const [reply, code] of wrong) {
        hooks.answer('/voice', reply)
        await cat.call(center.number)
        await center.pass(6)
        expect((await cat.heard()).slice(-2)).toEqual([
          'say: We are sorry, an application error has occurred. Goodbye.',
          'ended: completed'
        ])
        const { body } = await here.call('/ringdown/v1/Debugger?PageSize=1')
        expect(body.entries?.[0] ?? body).toMatchObject({ error_code: code, product: 'voice', level: 'error' })
      }
    })

    it('has no sound at all any more: the debugger says so, and Monitor as an alert', async () => {
      const { here } = center
      const account = await here.running.account
      await account.execute({ type: 'sound.note', is: 'gone', seconds: 10, calls: 3 })
      await account.execute({ type: 'sound.note', is: 'back', seconds: 14, calls: 0 })
      const said = 'There has been no sound for 10 seconds: calls that had it end (3)'
      const { body } = await here.call('/ringdown/v1/Debugger?PageSize=1')
      expect(body.entries?.[0] ?? body).toMatchObject({
        ...{ level: 'error', product: 'voice', message: said, error_code: null },
        ...{ resource_type: 'account', resource_sid: here.running.credentials.account_sid }
      })
      const [alert] = await here.client.monitor.v1.alerts.list({ logLevel: 'error', limit: 1 })
      expect(alert?.alertText).toBe(said)
    })

    it('asks the fallback, and tells it why', async () => {
      const { hooks, here } = center
      const dan = await center.phone('+33612340010')
      const number = '+14155550198'
      await here.client.incomingPhoneNumbers.create({
        ...{ phoneNumber: number, voiceUrl: `${hooks.url}/down`, voiceFallbackUrl: `${hooks.url}/instead` }
      })
      hooks.answer('/down', { status: 503 })
      center.answers('/instead', (response) => response.say('Instead'))
      await dan.call(number)
      expect(await dan.heard()).toEqual(['say: Instead'])
      expect(hooks.to('/instead')[0]?.form).toMatchObject({ ErrorCode: '11200', ErrorUrl: `${hooks.url}/down` })
    })

    it('is led elsewhere, ended and deleted by REST', async () => {
      const { here } = center
      const eve = await center.phone('+33612340003', { CallOutcome: 'answers' })
      const { sid } = await here.client.calls.create({
        ...{ to: eve.address, from: center.number },
        twiml: twiml((response) => response.pause({ length: 60 }))
      })
      await center.pass(1)
      await here.client.calls(sid).update({ twiml: twiml((response) => response.say('Something else').parent) })
      await center.pass(1)
      expect(await eve.heard()).toContain('silence: 60000')
      await here.client
        .calls(sid)
        .update({ status: 'completed' })
        .catch(() => undefined)
      expect((await here.client.calls(sid).fetch()).status).toBe('completed')
      await expect(here.client.calls(sid).update({ status: 'completed' })).rejects.toMatchObject({ code: 21220 })
      await here.client.calls(sid).remove()
      await expect(here.client.calls(sid).fetch()).rejects.toMatchObject({ status: 404 })
    })

    it('is told by which servers sound may go', async () => {
      const token = await center.here.client.tokens.create({ ttl: 3600 })
      expect(token).toMatchObject({ ttl: '3600', username: 'ada', password: 'pass word' })
      expect(token.iceServers).toEqual([
        { url: 'stun:stun.example:3478', urls: 'stun:stun.example:3478' },
        ...[{ url: 'turn:turn.example:3478', urls: 'turn:turn.example:3478', username: 'ada', credential: 'pass word' }]
      ])
    })

    it.each([
      ['nobody', { to: 'nobody' }, 21211],
      ['without a document', { to: '+33612349999' }, 21205],
      ['with keys alone', { to: '+33612349999', sendDigits: '12' }, 21205],
      ['with a document of no letters', { to: '+33612349999', twiml: '' }, 21205],
      ['with an address that is none', { to: '+33612349999', url: 'nowhere' }, 21205],
      ['with a document that is none', { to: '+33612349999', twiml: '<Response>' }, 12100],
      [
        'with a document that is too long',
        { to: '+33612349999', twiml: `<Response>${' '.repeat(4000)}</Response>` },
        32018
      ],
      ['with an application that is not there', { to: '+33612349999', applicationSid: `AP${'0'.repeat(32)}` }, 21218]
    ])('to %s is refused', async (_, params, code) => {
      await expect(center.here.client.calls.create({ from: center.number, ...params })).rejects.toMatchObject({ code })
    })
  })
