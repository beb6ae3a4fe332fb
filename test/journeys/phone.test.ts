import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadArguments, parseArguments } from '../../packages/cli/src/arguments.ts'
import { seedDemo, whatToTry } from '../../packages/cli/src/demo.ts'
import { usePhone } from '../../packages/cli/src/phone.ts'
import { type World, world } from '../support/world.ts'

let here: World

beforeAll(async () => {
  here = await world({ testClock: false, allowPrivateDestinations: true })
})
afterAll(() => here.close())

/** A phone in a terminal: what it shows, and a keyboard. */
function terminal(args: Parameters<typeof usePhone>[0]) {
  const input = new PassThrough()
  let shown = ''
  const used = usePhone(
    args,
    { url: here.running.url, credentials: here.running.credentials },
    {
      input,
      write: (text) => {
        shown += text
      }
    }
  )
  return {
    type: (line: string) => input.write(`${line}\n`),
    shows: (text: string) => expect.poll(() => shown, { timeout: 8000 }).toContain(text),
    hangUp: () => {
      input.end()
      return used
    }
  }
}

const [ours, ana] = ['+15005550006', '+33612345678']

describe('a phone in a terminal', () => {
  it('writes what is typed, and shows what is answered', async () => {
    const phone = terminal({ address: ana, to: ours, name: undefined })
    await phone.shows(`${ana} writes to ${ours}`)
    phone.type('Bonjour')
    await expect
      .poll(async () => (await here.client.messages.list({ from: ana })).map(({ body }) => body))
      .toEqual(['Bonjour'])
    await here.client.messages.create({ to: ana, from: ours, body: 'Oui ?' })
    await phone.shows(`${ours}: Oui ?\n`)
    phone.type('x'.repeat(1601))
    await phone.shows('(not sent: ')
    await phone.hangUp()
  })

  it('goes on with whom it wrote with last, and says so where that is nobody', async () => {
    const again = terminal({ address: ana, to: undefined, name: undefined })
    await again.shows(`${ana} writes to ${ours}`)
    await again.hangUp()
    const fresh = { address: '+33699999999', to: undefined, name: undefined }
    await expect(terminal(fresh).hangUp()).rejects.toThrow('+33699999999 has written with nobody yet')
  })

  it('is Ana’s in the demo: she waits, and hears what she is answered', async () => {
    const { url, credentials } = here.running
    const demo = await seedDemo({ url, ...credentials })
    expect(demo.isFresh).toBe(true)
    const text = whatToTry({ url, ...credentials }, demo, {})
    expect(text).toContain(`ringdown phone +33600000001 --whatsapp --name Ana --url ${url}`)
    const [task] = await here.client.taskrouter.v1.workspaces(demo.workspace_sid).tasks.list()
    const { conversationSid } = JSON.parse(task?.attributes ?? '{}')
    const phone = terminal({ address: 'whatsapp:+33600000001', to: undefined, name: 'Ana' })
    await phone.shows('whatsapp:+33600000001 writes to whatsapp:+15005550006')
    await here.client.conversations.v1
      .conversations(conversationSid)
      .messages.create({ author: 'fatou', body: 'Bonjour Ana !' })
    await phone.shows('whatsapp:+15005550006: Bonjour Ana !')
    phone.type('Merci !')
    await expect
      .poll(async () => {
        const messages = await here.client.conversations.v1.conversations(conversationSid).messages.list()
        return messages.map(({ author, body }) => `${author}: ${body}`)
      })
      .toEqual([
        expect.stringContaining('whatsapp:+33600000001: Bonjour'),
        'fatou: Bonjour Ana !',
        'whatsapp:+33600000001: Merci !'
      ])
    await phone.hangUp()
    expect((await seedDemo({ url, ...credentials })).isFresh).toBe(false)
  })

  it.each([
    [['phone', ana], { address: ana, to: undefined }],
    [['phone', ana, '--whatsapp', '--to', ours], { address: `whatsapp:${ana}`, to: `whatsapp:${ours}` }],
    [['phone', '4711', '--messenger', '--to', 'messenger:page'], { address: 'messenger:4711', to: 'messenger:page' }]
  ])('understands %j', (args, expected) => {
    expect(parseArguments(args, {})).toMatchObject({ command: 'phone', ...expected })
  })

  it.each([
    [['phone']],
    [['phone', ana, '--whatsapp', '--messenger']],
    [['phone', ana, '--role', 'x']],
    [['phone', ana, 'y']]
  ])('does not understand %j', (args) => {
    expect(() => parseArguments(args, {})).toThrow(BadArguments)
  })
})
