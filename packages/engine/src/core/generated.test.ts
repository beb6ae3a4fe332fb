import { setFlagsFromString } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { State } from '../center.ts'
import { commands } from '../commands.ts'
import { kinds } from '../kinds.ts'
import { defaultSettings } from '../settings.ts'
import { literalOf } from './generated.ts'

setFlagsFromString('--allow-natives-syntax')
/** Whether V8 keeps an object's members by place. */
const isByPlace = new Function('object', 'return %HasFastProperties(object)') as (object: object) => boolean

/** An object as a loop makes it. */
function oneByOne(many: number): Record<string, number> {
  const members: Record<string, number> = {}
  for (let i = 0; i < many; i++) members[`it's "${i}"`] = i
  return members
}

describe('a literal of members', () => {
  it('has the same members in the same order, by place', () => {
    const members = oneByOne(300)
    const literal = literalOf(members)
    expect(Object.entries(literal)).toEqual(Object.entries(members))
    expect([isByPlace(members), isByPlace(literal)]).toEqual([false, true])
  })

  it('is what every decision looks into', () => {
    const { tables } = new State(`AC${'a'.repeat(32)}`, defaultSettings)
    expect([tables, commands, kinds].map(isByPlace)).toEqual([true, true, true])
  })
})
