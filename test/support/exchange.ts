import { randomBytes } from 'node:crypto'
import type { LegArrival, LegEvent, LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { LegOrder } from '@ringdown/contract/voice-link'
import type { VoiceLedger } from '@ringdown/server/voice/switchboard'

/**
 * A telephone exchange with one rule: who calls an application and names an identity is connected with it. It stands where
 * the center stands, so that sound and devices can be tried without a center; it forgets everything.
 */
export class Exchange implements VoiceLedger {
  readonly #legs = new Map<string, { leg: VoiceLeg; heard: number }>()
  readonly #other = new Map<string, string>()
  readonly #listeners = new Set<(legs: readonly LegOrder[]) => void>()
  /** What was reported, by call. */
  readonly events: { readonly call_sid: string; readonly event: LegEvent }[] = []

  legs(): readonly LegOrder[] {
    return [...this.#legs.values()].filter(({ leg }) => leg.wanted !== 'down')
  }

  leg(call_sid: string): LegOrder | undefined {
    return this.#legs.get(call_sid)
  }

  async arrive({ from, address, parameters = {} }: LegArrival): Promise<string> {
    const caller = this.#add({ from, to: '', address, wanted: 'ring', listens: { digits: true } })
    const identity = (parameters.To ?? '').replace(/^client:/, '')
    const { To: _to, ...beside } = parameters
    const called = this.#add({
      ...{ from, to: `client:${identity}`, wanted: 'ring', address: { sdk: { identity } } },
      parameters: beside
    })
    this.#other.set(caller, called)
    this.#other.set(called, caller)
    this.#tell(caller, called)
    return caller
  }

  async report({ call_sid, number, event }: LegReport): Promise<void> {
    const known = this.#legs.get(call_sid)
    if (!known || number <= known.heard) return
    known.heard = number
    this.events.push({ call_sid, event })
    const other = this.#other.get(call_sid) ?? ''
    if (event.type === 'answered') {
      this.wish(call_sid, { wanted: 'up', hears: [other] })
      this.wish(other, { wanted: 'up', hears: [call_sid] })
    } else if (event.type === 'ended') {
      const reason = event.status === 'declined' ? 'declined' : 'completed'
      this.wish(call_sid, { wanted: 'down', reason })
      this.wish(other, { wanted: 'down', reason })
    }
  }

  /** Nobody watches it. */
  async note(): Promise<void> {}

  subscribe(changed: (legs: readonly LegOrder[]) => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  fetch(address: string): Promise<string> {
    return Promise.reject(new Error(`nobody answers at ${address}`))
  }

  keep(path: string): Promise<string> {
    return Promise.resolve(path)
  }

  isRefusal(): boolean {
    return true
  }

  /** Changes what a leg should be doing. */
  wish(call_sid: string, wish: Partial<VoiceLeg>): void {
    const known = this.#legs.get(call_sid)
    if (!known || known.leg.wanted === 'down') return
    known.leg = { ...known.leg, ...wish, revision: known.leg.revision + 1 }
    this.#tell(call_sid)
  }

  /** The call on the other side. */
  otherOf(call_sid: string): string {
    return this.#other.get(call_sid) ?? ''
  }

  #add(leg: Pick<VoiceLeg, 'from' | 'to' | 'wanted' | 'address'> & Partial<VoiceLeg>): string {
    const call_sid = `CA${randomBytes(16).toString('hex')}`
    const idle = { plays: null, hears: [], listens: null, records: [], dialog: null }
    this.#legs.set(call_sid, { leg: { call_sid, revision: 1, ...idle, ...leg }, heard: 0 })
    return call_sid
  }

  #tell(...call_sids: string[]): void {
    const legs = call_sids.flatMap((sid) => this.#legs.get(sid) ?? [])
    for (const listener of this.#listeners) listener(legs)
  }
}
