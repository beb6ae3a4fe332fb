import { describe, expect, it } from 'vitest'
import { ask, definition, first, say, set, widget } from '../testing/flows.ts'
import { Stage, staged } from '../testing/stage.ts'

describe('what a flow may not do', () => {
  it('run in circles: a thousand steps are the end, and others have their turn in between', () => {
    const { stage, write } = staged([first('a'), set('a', { n: '1' }, 'b'), set('b', { n: '2' }, 'a')])
    write('hi')
    expect(stage.execution).toMatchObject({ status: 'ended', ended_reason: 'ERROR', steps: 1000 })
    expect(stage.execution.turns).toBeGreaterThan(30)
    expect(stage.errors).toEqual([expect.stringContaining('81000')])
  })

  it('come to one widget again and again', () => {
    const { stage, write } = staged([first('a'), set('a', { n: '1' }, 'a')])
    write('hi')
    expect(stage.execution).toMatchObject({ status: 'ended', ended_reason: 'ERROR', steps: 11 })
  })

  it('answer itself, or another one, for ever', () => {
    const stage = new Stage()
    const echo = definition([first('a'), ask('a', 'ping', 'b'), ask('b', 'pong', 'a')])
    const chat = stage.conversation(stage.flow(echo), stage.flow(echo))
    for (let n = 0; n < 40; n++) stage.write(chat, `${n}`)
    expect(
      stage.state.tables.execution
        .all()
        .slice(0, 2)
        .map(({ replies, ended_reason }) => [replies, ended_reason])
    ).toEqual([
      [31, 'ERROR'],
      [31, 'ERROR']
    ])
    expect(stage.errors.some((one) => one.includes('14107'))).toBe(true)
  })

  it('run longer than thirty days', () => {
    const { stage, write } = staged([
      first('a'),
      { ...ask('a', 'ping', 'a'), properties: { from: '', body: 'ping', timeout: '99999999' } }
    ])
    write('hi')
    stage.pass('29 d')
    expect(stage.execution.status).toBe('active')
    stage.pass('1 d')
    expect(stage.execution).toMatchObject({ status: 'ended' })
  })

  it('go on in a conversation that is closed, or come to a widget that nobody knows', () => {
    const { stage, write, chat } = staged([first('a'), ask('a', 'ping', 'x'), widget('x', 'search', { found: 'a' })])
    write('hi')
    write('more')
    expect(stage.execution).toMatchObject({ ended_reason: 'ERROR' })
    expect(stage.errors.at(-1)).toContain('search is a type of widgets that is not known here')
    write('hi')
    stage.do({ type: 'conversation.update', sid: chat, state: 'closed' })
    expect(stage.execution).toMatchObject({ ended_reason: 'HANGUP' })
  })

  it('be made to by what it was told: Liquid in a message is text', () => {
    const { write, said } = staged([first('a'), say('a', 'You said {{trigger.conversation.Body}}')])
    write('{{contact.channel.address}} {% for i in (1..9) %}')
    expect(said().at(-1)).toBe('You said {{contact.channel.address}} {% for i in (1..9) %}')
  })
})
