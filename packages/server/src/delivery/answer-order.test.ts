import { beforeEach, describe, expect, it } from 'vitest'
import { AnswerOrder } from './answer-order.ts'
import { deliveryKinds } from './kinds.ts'
import { Lanes } from './lanes.ts'
import type { Whole } from './sending.ts'

let lanes: Lanes
let dealt: string[]
let lost: unknown[]

beforeEach(() => {
  lanes = new Lanes(deliveryKinds)
  dealt = []
  lost = []
})

function orderOf(inOrder: boolean): AnswerOrder {
  const whole: Whole = { now: () => 0, pump() {}, changed() {}, lost: (err) => lost.push(err) }
  return new AnswerOrder(lanes, whole, inOrder)
}

const answer = (name: string) => async () => {
  dealt.push(name)
}

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve))

describe('the order of answers', () => {
  it('is that of the answers, where nobody wants another one', async () => {
    const order = orderOf(false)
    const [first, second] = [order.turn(), order.turn()]
    order.take(second, answer('second'), () => dealt.push('done'))
    order.take(first, answer('first'), () => dealt.push('done'))
    expect(order.isBusy).toBe(true)
    await turnOfLoop()
    expect([dealt, order.isBusy]).toEqual([['second', 'first', 'done', 'done'], false])
  })

  it('is that in which the attempts began, with a test clock', async () => {
    const order = orderOf(true)
    const [first, second, third] = [order.turn(), order.turn(), order.turn()]
    order.take(third, answer('third'), () => dealt.push('done'))
    order.take(first, answer('first'), () => dealt.push('done'))
    await turnOfLoop()
    expect(dealt).toEqual(['first', 'done'])
    order.take(second, answer('second'), () => dealt.push('done'))
    await turnOfLoop()
    expect(dealt).toEqual(['first', 'done', 'second', 'done', 'third', 'done'])
  })

  it('waits for nobody whose place was forgotten', async () => {
    const order = orderOf(true)
    order.turn()
    order.forget()
    const next = order.turn()
    order.take(next, answer('next'), () => dealt.push('done'))
    await turnOfLoop()
    expect(dealt).toEqual(['next', 'done'])
  })

  it('tells of what failed, unless it counts no more', async () => {
    const order = orderOf(false)
    const error = new Error('nobody knows')
    order.take(
      undefined,
      () => Promise.reject(error),
      () => dealt.push('done')
    )
    await turnOfLoop()
    expect([lost, dealt, order.isBusy]).toEqual([[error], ['done'], false])
    order.take(
      undefined,
      () => Promise.reject(error),
      () => dealt.push('done')
    )
    lanes.forget()
    order.forget()
    await turnOfLoop()
    expect([lost, dealt, order.isBusy]).toEqual([[error], ['done'], false])
  })
})
