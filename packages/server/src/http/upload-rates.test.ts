import { describe, expect, it } from 'vitest'
import { type UnderWay, UploadRates } from './upload-rates.ts'

const mib = 1024 * 1024

describe('how much somebody may send', () => {
  let now = 0
  const rates = () => {
    now = 0
    return new UploadRates(() => now)
  }
  const begin = (of: UploadRates, name: string, isStranger: boolean): UnderWay => {
    const begun = of.begin(name, isStranger)
    if (typeof begun === 'number') throw new Error(`wait ${begun} s`)
    return begun
  }

  it('is three files at once for a customer, and more for others', () => {
    const of = rates()
    const sent = [1, 2, 3].map(() => begin(of, 'ada', true))
    expect(of.begin('ada', true)).toBe(1)
    begin(of, 'bea', true)
    sent[0]?.end(0)
    begin(of, 'ada', true)
    for (let n = 0; n < 32; n++) begin(of, 'AC1', false)
    expect(of.begin('AC1', false)).toBe(1)
  })

  it('is twenty in a row, and then one each five seconds', () => {
    const of = rates()
    for (let n = 0; n < 20; n++) begin(of, 'ada', true).end(1)
    expect(of.begin('ada', true)).toBe(5)
    now += 5_000
    begin(of, 'ada', true).end(1)
    expect(of.begin('ada', true)).toBe(5)
  })

  it('is 300 MiB for a customer, whatever broke off, and then half a MiB each second', () => {
    const of = rates()
    begin(of, 'ada', true).end(150 * mib)
    begin(of, 'ada', true).end(151 * mib)
    expect(of.begin('ada', true)).toBeGreaterThan(1)
    now += 3_000
    begin(of, 'ada', true)
    const account = rates()
    for (let n = 0; n < 5; n++) begin(account, 'AC1', false).end(150 * mib)
  })
})
