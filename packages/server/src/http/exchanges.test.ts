import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { exchangeOf, Holding } from '../commit/exchange.ts'
import { Exchanges } from './exchanges.ts'

const response = () => new ServerResponse(new IncomingMessage(new Socket()))

describe('requests of one exchange', () => {
  it('are over together, when whoever made them has its own answer', () => {
    const exchanges = new Exchanges()
    const told: string[] = []
    const holding = new Holding<string>((batch) => told.push(batch))
    const answer = response()
    const name = exchanges.openFor(answer, 'AC1')
    const within = exchanges.find(name, 'AC1')
    const [first, second] = [response(), response()]
    holding.add('first', [exchangeOf(first, { within })])
    holding.add('second', [exchangeOf(second, { within })])
    for (const one of [first, second]) one.emit('finish')
    expect(told).toEqual([])
    answer.emit('finish')
    expect(told).toEqual(['first', 'second'])
  })

  it('that come when it is over are over at once', () => {
    const exchanges = new Exchanges()
    const { name, end } = exchanges.open('AC1')
    const within = exchanges.find(name, 'AC1')
    end()
    expect(exchanges.find(name, 'AC1')).toBeUndefined()
    expect(exchangeOf(response(), { within }).isOver).toBe(true)
  })

  it('know its name, and are of its account', () => {
    const exchanges = new Exchanges()
    const { name } = exchanges.open('AC1')
    expect(exchanges.find(name, 'AC1')).toBeDefined()
    expect(exchanges.find(name, 'AC2')).toBeUndefined()
    for (const other of ['0'.repeat(32), undefined, [name]]) expect(exchanges.find(other, 'AC1')).toBeUndefined()
  })
})
