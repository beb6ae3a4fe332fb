import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * Who may come in: people with roles and workers who sign in, choose passwords by links and are taken out again, and keys
 * of programs. Secrets are few, so that they meet.
 */

const secrets = ['one', 'two', 'three'] as const
const policies = [{ allow: ['/twilio/*/read'] }, { allow: [], deny: ['/twilio/iam'] }, { permit: [] }, null] as const

export const peopleActs = {
  updatePerson: (w) =>
    command({
      type: 'flex_user.update',
      sid: w.any('flex_user'),
      ...(w.dice.chance(30) && { roles: w.dice.of([['agent'], ['supervisor', 'agent'], ['admin'], []]) }),
      ...(w.dice.chance(40) && { worker_sid: w.dice.chance(70) ? w.any('worker') : '' }),
      ...(w.dice.chance(30) && { password: w.dice.of(secrets) }),
      ...(w.dice.chance(15) && { username: w.dice.of(['Ann', 'ann', 'bob']) })
    }),
  signIn: (w) =>
    command(
      {
        type: 'session.start',
        flex_user_sid: w.any('flex_user'),
        cookie_hash: w.fresh('cookie'),
        idle_ms: 60_000,
        longest_ms: w.dice.of([50_000, 90_000, 600_000])
      },
      w.fresh('S')
    ),
  stay: (w) => command({ type: 'session.touch', sid: w.any('session'), idle_ms: 60_000 }),
  signOut: (w) =>
    command({ type: 'session.end', sid: w.any('session'), reason: w.dice.of(['signed-out', 'ended'] as const) }),
  invite: (w) =>
    command(
      {
        type: 'setup_link.create',
        flex_user_sid: w.any('flex_user'),
        secret_hash: w.dice.of(secrets),
        life_ms: 90_000
      },
      w.fresh('L')
    ),
  followLink: (w) => command({ type: 'setup_link.use', secret_hash: w.dice.of(secrets), password: w.fresh('hash') }),
  addKey: (w) =>
    command({ type: 'key.create', key_type: keyType(w), ...policy(w), sealed_secret: 'sealed' }, w.fresh('Y')),
  updateKey: (w) =>
    command({
      type: 'key.update',
      sid: w.any('key'),
      friendly_name: w.dice.of(['', 'Desk']),
      ...(w.dice.chance(50) && policy(w))
    }),
  useKey: (w) => command({ type: 'key.use', sid: w.any('key') }),
  deleteKey: (w) => command({ type: 'key.delete', sid: w.any('key') })
} satisfies Record<string, Act>

function keyType({ dice }: Workload): string {
  return dice.of(['main', 'standard', 'restricted', 'restricted', 'other'])
}

function policy({ dice }: Workload): { readonly policy?: unknown } {
  const one = dice.of(policies)
  return one === null ? {} : { policy: one }
}
