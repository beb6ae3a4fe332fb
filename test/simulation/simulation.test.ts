import { describe, expect, it } from 'vitest'
import { happened } from './days.ts'
import { replay } from './history.ts'
import { type ProfileName, profiles } from './profiles.ts'
import { found } from './seeds.ts'

/*
 * Days of centers, each judged after every decision by an auditor who knows the reference and not the router. What fails
 * here is best looked at by the command that the failure names: it prints the shortest list of steps that shows it.
 */

const seeds = 4

describe('whatever happens on the floor', () => {
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    // the keys of the catalogue are its names
    it(`goes as the reference has it, whether memory is lost or not: ${profile} (${seeds} seeds)`, () => {
      const { decided, refused, offers } = happened(profile, seeds)
      expect(decided).toBeGreaterThan(seeds * 30)
      expect(refused).toBeGreaterThan(0)
      expect(offers).toBeGreaterThan(seeds)
    }, 120_000)
  }

  for (const { name, history, open } of found) {
    const test = open ? it.fails : it
    test(name, () => {
      expect(replay(history)?.message).toBeUndefined()
    })
  }
})
