import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Packer, unpacked } from './packed.ts'
import type { Value } from './store.ts'
import type { Cell } from './tables.ts'

describe('packed values', () => {
  const odd: Value[] = ['', null, 0, -0, 1.5, -7, Number.MAX_SAFE_INTEGER, 'Ünï', '😀👩‍👩‍👧', 'a\0b', 'WT0', null]

  it('come out as they went in, whatever their number and length', () => {
    const packer = new Packer()
    const long = ['x'.repeat(70_000), 'é'.repeat(40_000), '😀'.repeat(20_000)]
    const many = Array.from({ length: 5_000 }, (_, n) => (n % 3 ? `text ${n} ü` : n))
    for (const lists of [[], [[]], [odd], [odd, [], long, odd], [many, long, many]])
      expect(unpacked(packer.pack(lists))).toEqual(lists.flat())
  })

  it('use memory again that was given back, and only then', () => {
    const packer = new Packer()
    const first = packer.pack([['one']])
    const second = packer.pack([['two']])
    expect(second.memory).not.toBe(first.memory)
    packer.giveBack(first)
    const third = packer.pack([['three', 3]])
    expect(third.memory).toBe(first.memory)
    expect(unpacked(third)).toEqual(['three', 3])
    expect(unpacked(second)).toEqual(['two'])
  })

  it('are deflated from their pieces where they are to be, wherever they stand', () => {
    const packer = new Packer()
    const pieces = [['{}', 'é', '😀'.repeat(30_000), 'x'.repeat(70_000)], ['one'], []]
    const lists = [
      [pieces[0], 'before', 7],
      [null, pieces[1], pieces[2]],
      ['after', pieces[0]]
    ] as Cell[][]
    const found = unpacked(packer.pack(lists)).map((value) =>
      value instanceof Uint8Array ? [inflateSync(value).toString()] : value
    )
    expect(found).toEqual(lists.flat().map((cell) => (Array.isArray(cell) ? [cell.join('')] : cell)))
  })

  it('lose half a surrogate pair as UTF-8 does, and nothing beside it', () => {
    expect(unpacked(new Packer().pack([['a\ud800b', 'c']]))).toEqual(['a\ufffdb', 'c'])
  })
})
