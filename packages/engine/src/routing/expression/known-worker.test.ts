import { describe, expect, it } from 'vitest'
import { compileKnownWorker } from './known-worker.ts'

describe('known_worker_sid and known_worker_friendly_name', () => {
  it.each([
    ['task.agent_sid', { agent_sid: 'WKmaria' }, 'WKmaria'],
    ['task.owner.sid', { owner: { sid: 'WKmaria' } }, 'WKmaria'],
    ['task.owners[1]', { owners: ['WKlena', 'WKmaria'] }, 'WKmaria'],
    [' task . agent_sid ', { agent_sid: 'WKmaria' }, 'WKmaria'],
    ['task.agents.988EN', { agents: { '988EN': 'WKmaria' } }, 'WKmaria'],
    ['task.988EN.0', { '988EN': { 0: 'WKmaria' } }, 'WKmaria'],
    ['agent_sid', { agent_sid: 'WKmaria', task: { agent_sid: 'WKmaria' } }, undefined],
    ['worker.sid', { sid: 'WKmaria', worker: { sid: 'WKmaria' } }, undefined],
    ['task', { task: 'WKmaria' }, undefined],
    ['task.agent_sid', {}, undefined],
    ['task.agent_sid', { agent_sid: null }, undefined],
    ['task.agent_sid', { agent_sid: '' }, undefined],
    ['task.agent_sid', { agent_sid: 7 }, undefined],
    ['task.agent_sid', { agent_sid: ['WKmaria'] }, undefined],
    ['task.constructor', {}, undefined]
  ])('%s of %j names %s', (source, attributes, expected) => {
    expect(compileKnownWorker(source, 'sid').read({ attributes })).toBe(expected)
  })

  it('keeps its path and what it names a worker by', () => {
    expect(compileKnownWorker('task.agent', 'friendly_name')).toMatchObject({
      source: 'task.agent',
      by: 'friendly_name',
      path: { side: 'task', text: 'task.agent', keys: ['agent'] }
    })
  })

  it.each([
    ["'WKmaria'", "mismatched input ''WKmaria'' expecting task.<attribute>", 1],
    ["task.a == 'x'", "extraneous input '==' expecting <EOF>", 8]
  ])('refuses %j: %s', (source, message, column) => {
    expect(() => compileKnownWorker(source, 'sid')).toThrow(expect.objectContaining({ message, column }))
  })
})
