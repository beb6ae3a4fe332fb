import { expect, it } from 'vitest'
import { Switchboard, say, verb } from '../testing/switchboard.ts'
import type { VoiceVerb } from './program.ts'

/*
 * Documents as a table: what is heard and what is requested, each with its instant in seconds after the call has come in. A
 * text takes 0.4 s and 0.06 s a letter, a file 5 s, a key that is played 0.2 s (reference voice 3).
 */

const ann = '+15550111'

interface Row {
  readonly document: readonly VoiceVerb[]
  /** What the caller does, and when. */
  readonly acts?: readonly (readonly [at_s: number, 'press' | 'speak' | 'hang-up', string?])[]
  readonly pages?: Readonly<Record<string, readonly VoiceVerb[]>>
  readonly happens: readonly string[]
}

const gather = (attributes: object = {}) => verb('Gather', { action: '/done', ...attributes }, say('12345'))

const table: Readonly<Record<string, Row>> = {
  'texts, files, pauses and keys, one after the other': {
    document: [
      say('Hello'),
      verb('Play', { loop: 2 }, 'a.wav'),
      verb('Pause', { length: 3 }),
      verb('Play', { digits: '12' })
    ],
    happens: [
      ...['0 POST /voice', '0 say: Hello', '0.7 play: https://a.example/a.wav', '5.7 play: https://a.example/a.wav'],
      ...['10.7 silence: 3000', '13.7 digits: 12', '14.1 ended: completed']
    ]
  },
  'a Gather that nobody answers goes on five seconds after its prompt': {
    document: [gather(), say('12345')],
    happens: ['0 POST /voice', '0 say: 12345', '5.7 say: 12345', '6.4 ended: completed']
  },
  'a key stops the prompt, and time counts from the last one': {
    document: [gather({ timeout: 2 })],
    acts: [
      [0.2, 'press', '1'],
      [1.5, 'press', '2']
    ],
    happens: ['0 POST /voice', '0 say: 12345', '3.5 POST /done Digits=12', '3.5 ended: completed']
  },
  'a Gather that wants to know of nothing is told': {
    document: [gather({ timeout: 1, actionOnEmptyResult: true, method: 'GET' })],
    happens: ['0 POST /voice', '0 say: 12345', '1.7 GET /done Digits=', '1.7 ended: completed']
  },
  'words end it at once': {
    document: [gather({ input: 'speech', timeout: 9 })],
    acts: [[2, 'speak', 'My order']],
    happens: ['0 POST /voice', '0 say: 12345', '2 POST /done SpeechResult=My order', '2 ended: completed']
  },
  'a Record ends by silence, and what follows it is not reached': {
    document: [verb('Record', { timeout: 3, action: '/done', playBeep: true }), say('Never')],
    acts: [[1, 'speak', 'My order']],
    happens: ['0 POST /voice', '0 tone: beep', '4 POST /done RecordingDuration=4', '4 ended: completed']
  },
  'a Record without a word goes on': {
    document: [verb('Record', { timeout: 3, action: '/done', playBeep: false }), say('12345')],
    happens: ['0 POST /voice', '3 say: 12345', '3.7 ended: completed']
  },
  'a Redirect is relative to its document': {
    document: [verb('Redirect', { method: 'GET' }, 'next?x=1')],
    pages: { '/next?x=1': [say('12345')] },
    happens: ['0 POST /voice', '0 GET /next?x=1', '0 say: 12345', '0.7 ended: completed']
  },
  'whoever hangs up in a Dial has its action told': {
    document: [verb('Dial', { action: '/done', timeout: 30 }, '+15550122')],
    acts: [[3, 'hang-up']],
    happens: ['0 POST /voice', '0 ringback', '3 ended: completed', '3 POST /done DialCallStatus=canceled']
  },
  'a Dial that is not answered in time says so': {
    document: [verb('Dial', { action: '/done', timeout: 10 }, '+15550122')],
    happens: ['0 POST /voice', '0 ringback', '10 POST /done DialCallStatus=no-answer', '10 ended: completed']
  }
}

/** Parameters of requests that the table shows. */
const shown = ['RecordingDuration', 'Digits', 'SpeechResult', 'DialCallStatus']

it.each(Object.entries(table))('%s', (_, { document, acts = [], pages = {}, happens }) => {
  const center = new Switchboard()
  center.phone('+15550122')
  const begun = center.at
  const told: { readonly at: number; readonly line: string }[] = []
  const note = (path: string, verbs: readonly VoiceVerb[]) =>
    center.page(path, ({ method, parameters }) => {
      const [name] = shown.filter((one) => parameters[one] !== undefined)
      told.push({ at: center.at, line: `${method} ${path}${name === undefined ? '' : ` ${name}=${parameters[name]}`}` })
      return verbs
    })
  for (const [path, verbs] of Object.entries({ '/voice': document, '/done': [], ...pages })) note(path, verbs)
  center.dial(ann)
  for (const [at_s, action, what] of acts) {
    center.pass(`${begun + at_s * 1000 - center.at} ms`)
    center.act(ann, action, what)
  }
  center.pass('1 min')
  const heard = center.heard(ann)
  for (const [index, { date_created: at }] of center.heardRows(ann).entries())
    told.push({ at, line: heard[index] ?? '' })
  const lines = told.map(({ at, line }) => `${(at - begun) / 1000} ${line}`)
  expect(lines.sort()).toEqual([...happens].sort())
})
