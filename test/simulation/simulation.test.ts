import { describe, expect, it } from 'vitest'
import { make, replay } from './history.ts'
import { type ProfileName, profiles } from './profiles.ts'
import { found } from './seeds.ts'

/*
 * Days of centers, each judged after every decision by an auditor who knows the reference and not the router. What fails
 * here is best looked at by the command that the failure names: it prints the shortest list of steps that shows it.
 */

const each = 38
const commands = 40

/** How often, at least, the seeds of a profile do what chance easily leaves out. */
const worthTheName: Readonly<Record<string, number>> = {
  'reservation.cancel': 1,
  'reservation.instruct': 10,
  'reservation.callback_failed': 3,
  'task.transfer-initiated': 1,
  'dry run': 20
}

/** What these profiles are there for. */
const special: Readonly<Partial<Record<ProfileName, typeof worthTheName>>> = {
  crowd: { 'timer.judging': 60, 'timer.judging, not the last': 150 },
  contacts: {
    'reservation.instruct': 3,
    'reservation.callback_failed': 1,
    'row out of memory': 500,
    read: 500,
    'conversation.update': 40,
    'message.update': 2,
    'user.update': 5,
    'interaction_channel.update': 12,
    'interaction.participant.joined': 30
  },
  desk: {
    'reservation.instruct': 2,
    'reservation.callback_failed': 0,
    'row out of memory': 200,
    'note.update': 5,
    'canned_response.update': 5,
    'canned_response.import': 5,
    'ringdown.reservation.auto-accepted': 20,
    'ringdown.wrap-up.started': 5,
    'ringdown.wrap-up.updated': 1,
    'ringdown.wrap-up.ended': 3
  },
  escalation: { 'timer.workflow_document': 15, 'timer.workflow_document, not the last': 5 },
  handover: {
    'transfer.create': 50,
    'transfer.cancel': 10,
    'task.transfer-completed': 10,
    'task.transfer-attempt-failed': 10,
    'task.transfer-failed': 5,
    'task.transfer-canceled': 15
  }
}

describe('whatever happens on the floor', () => {
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    // the keys of the catalogue are its names
    it(`goes as the reference has it, whether memory is lost or not: ${profile} (${each} seeds)`, () => {
      const total = { decided: 0, refused: 0, offers: 0 }
      const done = new Map<string, number>()
      for (let seed = 1; seed <= each; seed++) {
        const { failure, ...tally } = make(profile, seed, commands)
        if (failure) throw new Error(`${replayed(profile, seed, commands)}\n${failure.message}`, { cause: failure })
        for (const key of ['decided', 'refused', 'offers'] as const) total[key] += tally[key]
        for (const [type, times] of tally.done) done.set(type, (done.get(type) ?? 0) + times)
      }
      // The day was worth the name.
      expect(total.decided).toBeGreaterThan(each * 40)
      expect(total.refused).toBeGreaterThan(each)
      expect(total.offers).toBeGreaterThan(each * 5)
      for (const [type, times] of Object.entries({ ...worthTheName, ...special[profile] }))
        expect(done.get(type) ?? 0, type).toBeGreaterThanOrEqual(times)
    }, 120_000)
  }

  for (const { name, history, open } of found) {
    const test = open ? it.fails : it
    test(name, () => {
      expect(replay(history)?.message).toBeUndefined()
    })
  }
})

function replayed(profile: ProfileName, seed: number, length: number): string {
  return `npm run simulate -- --profile ${profile} --from ${seed} --seeds 1 --commands ${length}`
}
