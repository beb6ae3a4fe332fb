import { describe, expect, test } from 'vitest'
import { compress, expand, frameSamples, silentFrame } from './g711.ts'
import { Mixer } from './mixer.ts'
import { heardOf, toneOf } from './testing/hearing.ts'
import { digitFrames, toneFrames } from './tones.ts'

const tones = { caller: 400, agent: 700, supervisor: 1100, consulted: 1500 } as const

/** A floor where everybody says a tone of his own: what each hears in half a second. */
function floor() {
  const mixer = new Mixer()
  const voices = Object.entries(tones).map(([id, hertz]) => ({ id, say: toneOf(hertz) }))
  const heard = new Map<string, Uint8Array[]>()
  for (const { id } of voices) mixer.add(id, (frame) => heard.get(id)?.push(frame))
  let now = 0
  return {
    mixer,
    /** Half a second of talk: the tones that each of them has heard. */
    talk(): Record<string, string[]> {
      for (const { id } of voices) heard.set(id, [])
      for (let tick = 0; tick < 25; tick++, now += 20) {
        for (const { id, say } of voices) mixer.push(id, say(), now)
        mixer.tick(now + 5)
      }
      return Object.fromEntries(
        [...heard].map(([id, frames]) => {
          const tonesHeard = heardOf(Object.values(tones), Buffer.concat(frames))
          return [id, Object.entries(tones).flatMap(([name, hertz]) => (tonesHeard.includes(hertz) ? [name] : []))]
        })
      )
    }
  }
}

describe('who hears whom', () => {
  test.each<{ phase: string; hears: Record<string, string[]> }>([
    { phase: 'nobody is connected', hears: {} },
    { phase: 'two talk', hears: { caller: ['agent'], agent: ['caller'] } },
    { phase: 'the agent is muted', hears: { agent: ['caller'] } },
    { phase: 'a supervisor listens', hears: { caller: ['agent'], agent: ['caller'], supervisor: ['caller', 'agent'] } },
    {
      phase: 'a supervisor whispers',
      hears: { caller: ['agent'], agent: ['caller', 'supervisor'], supervisor: ['caller', 'agent'] }
    },
    {
      phase: 'four confer',
      hears: {
        caller: ['agent', 'supervisor', 'consulted'],
        agent: ['caller', 'supervisor', 'consulted'],
        supervisor: ['caller', 'agent', 'consulted'],
        consulted: ['caller', 'agent', 'supervisor']
      }
    }
  ])('$phase', ({ hears }) => {
    const { mixer, talk } = floor()
    for (const [id, speakers] of Object.entries(hears)) mixer.hears(id, speakers)
    const everybody = Object.fromEntries(Object.keys(tones).map((id) => [id, hears[id] ?? []]))
    expect(talk()).toEqual(everybody)
  })

  test('a caller on hold hears the music and not the agent, who consults somebody else', () => {
    const { mixer, talk } = floor()
    mixer.hears('agent', ['consulted'])
    mixer.hears('consulted', ['agent'])
    const music = toneOf(tones.supervisor)
    mixer.plays('caller', music)
    expect(talk()).toEqual({ caller: ['supervisor'], agent: ['consulted'], consulted: ['agent'], supervisor: [] })
    mixer.plays('caller', undefined)
    mixer.hears('caller', ['agent'])
    expect(talk()).toMatchObject({ caller: ['agent'] })
  })

  test('nobody hears himself, or somebody who has left', () => {
    const { mixer, talk } = floor()
    mixer.hears('caller', ['caller', 'agent', 'gone'])
    mixer.remove('agent')
    expect(talk()).toMatchObject({ caller: [] })
  })
})

describe('the queue of a leg', () => {
  test('a voice alone passes bit by bit', () => {
    const mixer = new Mixer()
    const heard: Uint8Array[] = []
    mixer.add('a', () => {})
    mixer.add('b', (frame) => heard.push(frame))
    mixer.hears('b', ['a'])
    const said = Uint8Array.from({ length: frameSamples }, (_, i) => (i * 7) & 0xff)
    mixer.push('a', said, 0)
    mixer.tick(10)
    mixer.tick(30)
    expect(Buffer.from(heard[0] ?? [])).toEqual(Buffer.from(said))
    expect(heard[1]).toBe(silentFrame)
  })

  test('packets of 10 and 30 ms become frames of 20', () => {
    const mixer = new Mixer()
    const heard: number[] = []
    mixer.add('a', () => {})
    mixer.add('b', (frame) => heard.push(frame[0] ?? 0))
    mixer.hears('b', ['a'])
    mixer.push('a', new Uint8Array(80).fill(1), 0)
    mixer.push('a', new Uint8Array(240).fill(2), 10)
    for (let tick = 0; tick < 3; tick++) mixer.tick(20 * tick)
    expect(heard).toEqual([1, 2, silentFrame[0]])
  })

  test('who sends more than can be heard loses the eldest, and is never more than 160 ms behind', () => {
    const mixer = new Mixer()
    mixer.add('a', () => {})
    for (let i = 0; i < 100; i++) mixer.push('a', new Uint8Array(frameSamples), i)
    for (let tick = 0; tick < 20; tick++) mixer.tick(100 + 20 * tick)
    expect(mixer.figures).toMatchObject({ frames: 8, dropped: 92 })
  })

  test('a queue that has become long becomes short again', () => {
    const mixer = new Mixer()
    mixer.add('a', () => {})
    for (let i = 0; i < 5; i++) mixer.push('a', new Uint8Array(frameSamples), 0)
    for (let tick = 1; tick < 1000; tick++) {
      mixer.push('a', new Uint8Array(frameSamples), 20 * tick)
      mixer.tick(20 * tick + 1)
    }
    const { waited, dropped } = mixer.figures
    // The last ones are heard in the tick after they came.
    expect(waited[1]).toBeGreaterThan(400)
    expect(dropped).toBe(5)
  })
})

test('a key is heard by whoever hears the one that has pressed it, in the place of the voice', () => {
  const { mixer, talk } = floor()
  mixer.hears('agent', ['caller'])
  mixer.sounds('caller', new Array<Uint8Array>(25).fill(toneFrames('beep')[0] ?? silentFrame))
  expect(talk()).toMatchObject({ agent: [], supervisor: [] })
  expect(talk()).toMatchObject({ agent: ['caller'] })
})

test('whoever presses keys without end is heard for some five seconds', () => {
  const mixer = new Mixer()
  const heard: Uint8Array[] = []
  for (const id of ['caller', 'agent']) mixer.add(id, (frame) => id === 'agent' && heard.push(frame))
  mixer.hears('agent', ['caller'])
  for (let keys = 0; keys < 100; keys++) mixer.sounds('caller', digitFrames('5'))
  for (let tick = 0; tick < 300; tick++) mixer.tick(20 * tick)
  expect(heard.findLastIndex((frame) => frame !== silentFrame)).toBeLessThan(260)
})

test('mu-law keeps every sample within what it can tell, and every byte as it is', () => {
  for (let sample = -32_000; sample <= 32_000; sample += 13) {
    const [kept = 0] = expand(compress([sample]))
    expect(Math.abs(kept - sample)).toBeLessThanOrEqual(Math.max(8, Math.abs(sample) / 16))
  }
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const again = compress(expand(bytes))
  // Minus nothing and nothing are the same sample.
  expect([...again].filter((byte, i) => byte !== i)).toEqual([0xff])
})

test('a thousand seconds of three people take no time', () => {
  const { mixer } = floor()
  mixer.hears('caller', ['agent', 'supervisor'])
  mixer.hears('agent', ['caller', 'supervisor'])
  const [one, other] = [toneOf(300)(), toneOf(500)()]
  const begun = performance.now()
  for (let tick = 0; tick < 5000; tick++) {
    mixer.push('caller', one, tick * 20)
    mixer.push('agent', other, tick * 20)
    mixer.push('supervisor', other, tick * 20)
    mixer.tick(tick * 20)
  }
  expect(performance.now() - begun).toBeLessThan(5000)
})

test('a conference is recorded as all of it is said, whatever the leg hears on which it is', () => {
  const { mixer, talk } = floor()
  const kept: Record<string, [said: Uint8Array[], others: Uint8Array[]]> = {}
  const record = (name: string, of: readonly string[] | undefined) => {
    const said: Uint8Array[] = []
    const others: Uint8Array[] = []
    kept[name] = [said, others]
    return mixer.tap(
      'caller',
      (one, other) => {
        said.push(Uint8Array.from(one))
        others.push(Uint8Array.from(other))
      },
      () => of
    )
  }
  // The caller is on hold; agent and consulted talk; the supervisor whispers.
  mixer.plays('caller', toneOf(2000))
  mixer.hears('agent', ['consulted', 'supervisor'])
  const stops = [
    record('held', ['agent', 'consulted']),
    record('back', ['caller', 'agent', 'consulted']),
    record('leg', undefined)
  ]
  talk()
  for (const stop of stops) stop()
  talk()
  const inKept = (name: string) =>
    kept[name]?.map((frames) => {
      expect(frames).toHaveLength(25)
      return heardOf([...Object.values(tones), 2000], Buffer.concat(frames))
    })
  expect(inKept('held')).toEqual([[], [tones.agent, tones.consulted]])
  expect(inKept('back')).toEqual([[tones.caller], [tones.agent, tones.consulted]])
  expect(inKept('leg')).toEqual([[tones.caller], [2000]])
})
