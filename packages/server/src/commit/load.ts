import { State } from '@ringdown/engine/center'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { type Kind, type Kinds, kinds } from '@ringdown/engine/kinds'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import type { Clock } from '../clock/clock.ts'
import { centerTools } from '../rendering/tools.ts'
import { type AccountHead, CannotOpen, type Store, StoreUnavailable } from '../store/store.ts'
import { messageOf } from '../store/thrown.ts'

export interface LoadOptions {
  readonly store: Pick<Store, 'load'>
  readonly account_sid: string
  readonly settings?: Settings
  readonly clock: Pick<Clock, 'notBefore'>
}

/**
 * The state of an account as it is on disk, at a head. Throws CannotOpen, which names the row, for rows that this program
 * cannot read, and StoreUnavailable.
 */
export async function load({ store, account_sid, settings, clock }: LoadOptions, head: AccountHead): Promise<State> {
  const state = new State(account_sid, settings ?? defaultSettings, centerTools)
  let place = 'its rows'
  try {
    for (const { kind, row } of await store.load(account_sid)) {
      place = `the row ${row.sid} of the kind ${kind}`
      if (!isKeyOf(kinds, kind)) throw new Error('there is no such kind')
      state.admit(kind, row as Kinds[Kind]) // it was stored as one of that kind
    }
    state.matcher.settle()
  } catch (error) {
    if (error instanceof StoreUnavailable || error instanceof CannotOpen) throw error
    const why = `${place} cannot be read (${messageOf(error)})`
    throw new CannotOpen(`Cannot load account ${account_sid}: ${why}.`, { cause: error })
  }
  clock.notBefore(head.at)
  state.at = head.at
  state.decision = head.decision
  state.next_seq = head.next_seq
  state.next_event = head.next_event
  return state
}
