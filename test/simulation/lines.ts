import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * The addresses that are ours, as whoever runs the center has them: numbers, channels' senders, pools of them with what they
 * are told by, and messages that a pool sends. SIDs are taken from the twin, which forgets nothing.
 */

const numbers = ['+15005550101', '+15005550102', '+14155550103', '+3726001', '+37256000009'] as const
const senders = ['12345', 'whatsapp:+3726002', 'messenger:800700'] as const
const customers = ['+37255500001', '+15005559999', 'whatsapp:+37255500002', 'messenger:100200'] as const
const places = ['https://hooks.test/in', 'http://hooks.test/other', ''] as const

const addNumber: Act = (w) =>
  command({
    type: 'incoming_phone_number.create',
    phone_number: w.dice.of(numbers),
    ...(w.dice.chance(30) && { sms_url: w.dice.of(places), sms_method: 'POST' as const })
  })

export const lineActs = {
  addNumber,
  updateNumber: (w, s) =>
    having('incoming_phone_number', w, s, (sid) => {
      const application = w.dice.chance(30) ? (w.made('application') ?? null) : undefined
      return command({
        type: 'incoming_phone_number.update',
        sid,
        ...(application !== undefined && { sms_application_sid: application }),
        ...(w.dice.chance(50) && { sms_url: w.dice.of(places) })
      })
    }),
  deleteNumber: (w, s) =>
    having('incoming_phone_number', w, s, (sid) => command({ type: 'incoming_phone_number.delete', sid })),
  addSender: (w) => command({ type: 'sender.create', address: w.dice.of(senders) }),
  deleteSender: (w, s) => having('sender', w, s, (sid) => command({ type: 'sender.delete', sid })),
  addApplication: (w) => command({ type: 'application.create', friendly_name: 'Told', sms_url: w.dice.of(places) }),
  deleteApplication: (w, s) => having('application', w, s, (sid) => command({ type: 'application.delete', sid })),
  addPool: (w) =>
    command({
      type: 'messaging_service.create',
      friendly_name: 'Pool',
      sticky_sender: w.dice.chance(50),
      ...(w.dice.chance(40) && { inbound_request_url: w.dice.of(places) }),
      ...(w.dice.chance(30) && { use_inbound_webhook_on_number: true })
    }),
  updatePool: (w, s) =>
    having('messaging_service', w, s, (sid) =>
      command({
        type: 'messaging_service.update',
        sid,
        sticky_sender: w.dice.chance(50),
        inbound_request_url: w.dice.of(places)
      })
    ),
  deletePool: (w, s) => having('messaging_service', w, s, (sid) => command({ type: 'messaging_service.delete', sid })),
  fillPool: (w, s) =>
    having('messaging_service', w, s, (service_sid) => {
      const number = w.made('incoming_phone_number')
      const sender = w.made('sender')
      switch (w.dice.roll(4)) {
        case 0:
          return command({ type: 'pool.add_alpha_sender', service_sid, alpha_sender: w.dice.of(['Shop', 'SHOP', '1']) })
        case 1:
          if (sender?.startsWith('SC'))
            return command({ type: 'pool.add_short_code', service_sid, short_code_sid: sender })
          if (sender)
            return command({ type: 'pool.add_channel_sender', messaging_service_sid: service_sid, sid: sender })
          break
        default:
      }
      return number
        ? command({ type: 'pool.add_phone_number', service_sid, phone_number_sid: number })
        : addNumber(w, s)
    }),
  emptyPool: (w, s) =>
    having('pooled_sender', w, s, (sid) => {
      const service_sid = w.made('messaging_service') ?? ''
      return sid.startsWith('PN')
        ? command({ type: 'pool.remove_phone_number', service_sid, sid })
        : command({ type: 'pool.remove_channel_sender', messaging_service_sid: service_sid, sid })
    }),
  sendByPool: (w, s) =>
    having('messaging_service', w, s, (messaging_service_sid) =>
      command({
        type: 'channel_message.create',
        messaging_service_sid,
        to: w.dice.of(customers),
        body: 'From one of ours',
        ...(w.dice.chance(20) && { from: w.dice.of(numbers) })
      })
    )
} as const satisfies Record<string, Act>

type Line = 'incoming_phone_number' | 'sender' | 'application' | 'messaging_service' | 'pooled_sender'

/** Something with a row of a kind, whatever has become of it; while there is none, a number is claimed. */
function having(kind: Line, w: Workload, workspace: string, act: (sid: string) => ReturnType<Act>): ReturnType<Act> {
  const sid = w.made(kind)
  return sid === undefined ? addNumber(w, workspace) : act(sid)
}
