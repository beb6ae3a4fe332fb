import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * What comes and goes on channels: customers write on virtual phones, messages are brought to these, once or again, and
 * carriers say what has become of any, however long it is over. SIDs are taken from the twin, which forgets nothing.
 */

const address = (n: number) => `+3725550000${n}`
const ours = '+3726000'
const ourMailbox = 'help@acme.test'
const outcomes = ['delivered', 'delivered', 'undelivered', 'failed', 'away'] as const

export const messageActs = {
  addPhone: (w) =>
    command(
      {
        type: 'phone.create',
        address: address(w.dice.roll(4)),
        outcome: w.dice.of(outcomes),
        ...(w.dice.chance(50) && { delivered_after_ms: w.dice.of([0, 1000, 90_000]) }),
        ...(w.dice.chance(50) && { read_after_ms: w.dice.of([0, 1000]) })
      },
      w.fresh('x')
    ),
  behave: (w, s) =>
    having('phone', w, s, (phone_sid) => command({ type: 'phone.behave', phone_sid, outcome: w.dice.of(outcomes) })),
  deletePhone: (w, s) => having('phone', w, s, (sid) => command({ type: 'phone.delete', sid })),
  writeByPhone: (w, s) =>
    having('phone', w, s, (phone_sid) => {
      const body = w.dice.of(['Hello?', 'STOP', 'start', 'Help', 'Where is it?'])
      const others = w.dice.chance(30) && { other_recipients: [address(w.dice.roll(5))] }
      return command({ type: 'phone.write', phone_sid, to: ours, body, ...others })
    }),
  sendMessage: (w) =>
    command({
      type: 'channel_message.create',
      from: ours,
      to: address(w.dice.roll(5)),
      body: w.dice.of(['Hello', 'Hello', '', 'x'.repeat(1601)]),
      ...(w.dice.chance(20) && { validity_period: w.dice.of([1, 60]) }),
      ...(w.dice.chance(20) && { content_retention: 'discard' as const, address_retention: 'obfuscate' as const })
    }),
  /** The same message may be brought again: its answer was lost. */
  carry: (w, s) =>
    having('channel_message', w, s, (sid) => command({ type: 'phone.take', sid: w.queuedMessage() ?? sid })),
  give: (w, s) =>
    having('channel_message', w, s, (sid) => {
      const told = w.dice.chance(60)
        ? { provider_sid: w.fresh('z') }
        : { error_code: 30_008, error_message: 'lost', trouble: true }
      return command({ type: 'channel_message.given', sid, ...told })
    }),
  /** A part of it may be out, or surely is not. */
  beginGiving: (w, s) =>
    having('channel_message', w, s, (sid) => {
      const part = w.dice.roll(3)
      return command({
        type: 'channel_message.giving',
        sid: w.queuedMessage() ?? sid,
        part,
        is_begun: w.dice.chance(70)
      })
    }),
  report: (w, s) =>
    having('channel_message', w, s, (sid) => {
      const status = w.dice.of(['sent', 'delivered', 'undelivered', 'failed', 'read'] as const)
      return command({ type: 'channel_message.report', sid, status })
    }),
  redact: (w, s) =>
    having('channel_message', w, s, (sid) => command({ type: 'channel_message.update', sid, body: '' })),
  /** A letter, new or once more, which may answer any that there has been. */
  receiveLetter: (w) => {
    const answered = w.made('channel_message')
    const message_id = w.dice.chance(10) ? `again${w.dice.roll(3)}@x.test` : `${w.fresh('l')}@x.test`
    return command({
      type: 'channel_message.receive',
      ...{ carrier_sid: 'XC', provider_sid: message_id, from: `c${w.dice.roll(4)}@x.test`, to: ourMailbox },
      body: w.dice.of(['Hello', 'Where is it?', '']),
      email: {
        message_id,
        subject: w.dice.of(['Broken', 'Re: Broken', 'Late']),
        ...(answered !== undefined && w.dice.chance(60) && { answers: [`${answered}@x.test`, 'again1@x.test'] }),
        ...(w.dice.chance(15) && { automatic: 'list' })
      }
    })
  },
  receivePart: (w) =>
    command({
      type: 'channel_message.receive_part',
      ...{ carrier_sid: 'XC', from: address(w.dice.roll(3)), to: ours },
      ...{ reference: w.dice.roll(2), total: 3, number: w.dice.roll(3), body: w.dice.of(['a', 'b']) }
    }),
  configureMailbox: () =>
    command({
      type: 'configuration_address.create',
      ...{ address_type: 'email', address: ourMailbox, auto_creation_enabled: true, auto_creation_type: 'default' }
    }),
  removeMessage: (w, s) => having('channel_message', w, s, (sid) => command({ type: 'channel_message.delete', sid }))
} as const satisfies Record<string, Act>

/** Something with a row of a kind, whatever has become of it; while there is none, a phone is made. */
function having(
  kind: 'phone' | 'channel_message',
  w: Workload,
  workspace: string,
  act: (sid: string) => ReturnType<Act>
): ReturnType<Act> {
  const sid = w.made(kind)
  return sid === undefined ? (messageActs.addPhone as Act)(w, workspace) : act(sid)
}
