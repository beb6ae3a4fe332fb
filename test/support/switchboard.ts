import twilio from 'twilio'
import { type Received, type Receiver, type Reply, receiver } from './receiver.ts'
import { type World, world } from './world.ts'

export type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>

/** A whole Ringdown with a number, programs that answer calls, and virtual phones that people hold. */
export interface Switchboard {
  readonly here: World
  readonly hooks: Receiver
  /** Our number. */
  readonly number: string
  /** What the program at a path answers, as the official library writes it. */
  answers(path: string, write: (response: VoiceResponse, asked: Received) => void): void
  phone(address: string, behaviour?: Record<string, string>): Promise<Phone>
  /** Lets time pass in small steps, and programs answer on the way. */
  pass(seconds: number): Promise<void>
  close(): Promise<void>
}

export interface Phone {
  readonly sid: string
  readonly address: string
  /** Calls somebody; answers the call's SID. */
  call(to: string): Promise<string>
  answer(): Promise<void>
  reject(): Promise<void>
  hangUp(): Promise<void>
  press(digits: string): Promise<void>
  speak(text: string): Promise<void>
  /** The last call: its SID and status. */
  last(): Promise<{ sid: string; status: string; ended_by: string | null }>
  /** What it has heard, in words: `say: Welcome`, `+15550111: Hello`, `with +15550111`. */
  heard(): Promise<string[]>
}

export const twiml = (write: (response: VoiceResponse) => void): string => {
  const response = new twilio.twiml.VoiceResponse()
  write(response)
  return response.toString()
}

const xml = (write: (response: VoiceResponse) => void): Reply => ({
  body: twiml(write),
  headers: { 'content-type': 'text/xml' }
})

export async function switchboard(options: Parameters<typeof world>[0] = {}): Promise<Switchboard> {
  const here = await world({ publicUrl: 'https://center.example', ...options })
  await here.running.account
  const hooks = await receiver({ auth_token: here.running.credentials.auth_token })
  const number = '+14155550199'
  await here.client.incomingPhoneNumbers.create({ phoneNumber: number, voiceUrl: `${hooks.url}/voice` })

  /** Deliveries go out, their answers come in, and what they lead to is asked as well. */
  async function settle() {
    for (let count = 0; count < 4; count++) await here.pass(0)
  }

  async function phone(address: string, behaviour: Record<string, string> = {}): Promise<Phone> {
    const made = await here.call('/ringdown/v1/Phones', { Address: address, ...behaviour })
    if (made.status !== 201) throw new Error(`no phone ${address}: ${JSON.stringify(made.body)}`)
    const { sid } = made.body as { sid: string }
    const calls = `/ringdown/v1/Phones/${sid}/Calls`
    const last = async () => {
      const { body } = await here.call(calls)
      const all = body.phone_calls as {
        sid: string
        status: string
        end_time: string | null
        ended_by: string | null
      }[]
      const call = all.find(({ end_time }) => end_time === null) ?? all[0]
      if (!call) throw new Error(`${address} is on no call`)
      return call
    }
    const act = async (Action: string, more: Record<string, string> = {}) => {
      const call = await last()
      const done = await here.call(`${calls}/${call.sid}`, { Action, ...more })
      if (done.status !== 200) throw new Error(`${address} cannot ${Action}: ${JSON.stringify(done.body)}`)
      await settle()
    }
    return {
      ...{ sid, address, last },
      async call(To) {
        const done = await here.call(calls, { To })
        if (done.status !== 201) throw new Error(`${address} cannot call: ${JSON.stringify(done.body)}`)
        await settle()
        return done.body.sid
      },
      answer: () => act('answer'),
      reject: () => act('reject'),
      hangUp: () => act('hang-up'),
      press: (Digits) => act('press', { Digits }),
      speak: (Text) => act('speak', { Text }),
      async heard() {
        const { body } = await here.call(`/ringdown/v1/Phones/${sid}/Heard?PageSize=1000`)
        return (body.heard as { what: string; content: string | null; speaker: string | null }[]).map(
          ({ what, content, speaker }) => {
            if (what === 'speech') return `${speaker}: ${content}`
            if (what === 'connected') return `with ${speaker}`
            return content === null ? what : `${what}: ${content}`
          }
        )
      }
    }
  }

  return {
    ...{ here, hooks, number, phone },
    answers(path, write) {
      hooks.answer(path, (asked) => xml((response) => write(response, asked)))
    },
    async pass(seconds) {
      for (let left = seconds; left > 0; left -= 1) {
        await here.pass(Math.min(1, left))
        await settle()
      }
    },
    async close() {
      await here.close()
      await hooks.close()
    }
  }
}
