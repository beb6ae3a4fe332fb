import twilio from 'twilio'
import { describe, expect, it } from 'vitest'
import { readAnswer } from './answer.ts'
import { readTwiml, type TwimlElement } from './document.ts'
import type { Surface } from './vocabulary.ts'

const { MessagingResponse, VoiceResponse } = twilio.twiml

function verbsOf(text: string, surface: Surface): readonly TwimlElement[] {
  const read = readTwiml(text, surface)
  if ('problem' in read) throw new Error(read.problem.message)
  expect(read.warnings).toEqual([])
  return read.verbs
}

/** Documents as the official library writes them. */
describe('a document for a message', () => {
  it.each<[string, (response: InstanceType<typeof MessagingResponse>) => void, readonly TwimlElement[]]>([
    ['a reply', (r) => r.message('Hi & <bye> "you"'), [{ verb: 'Message', attributes: {}, text: 'Hi & <bye> "you"' }]],
    [
      'a reply with pictures',
      (r) => {
        const message = r.message({ to: '+15550100', action: '/sent', method: 'GET' }, '')
        message.body('Look 👀')
        message.media('https://a.example/1.png?a=1&b=2')
      },
      [
        {
          verb: 'Message',
          attributes: { to: '+15550100', action: '/sent', method: 'GET' },
          children: [
            { verb: 'Body', attributes: {}, text: 'Look 👀' },
            { verb: 'Media', attributes: {}, text: 'https://a.example/1.png?a=1&b=2' }
          ]
        }
      ]
    ],
    [
      'a redirect',
      (r) => r.redirect({ method: 'POST' }, '/next'),
      [{ verb: 'Redirect', attributes: { method: 'POST' }, text: '/next' }]
    ],
    ['nothing', () => {}, []]
  ])('says %s', (_, write, verbs) => {
    const response = new MessagingResponse()
    write(response)
    expect(verbsOf(response.toString(), 'message')).toEqual(verbs)
  })
})

describe('a document for a call', () => {
  it('says what is said, in its order', () => {
    const response = new VoiceResponse()
    const say = response.say({ voice: 'Polly.Amy' }, 'One ')
    say.break({ time: '1s' })
    say.emphasis({ level: 'strong' }, 'two')
    say.addText(' three')
    expect(verbsOf(response.toString(), 'voice')).toEqual([
      {
        verb: 'Say',
        attributes: { voice: 'Polly.Amy' },
        children: [
          { verb: '#text', attributes: {}, text: 'One ' },
          { verb: 'break', attributes: { time: '1s' } },
          { verb: 'emphasis', attributes: { level: 'strong' }, text: 'two' },
          { verb: '#text', attributes: {}, text: ' three' }
        ]
      }
    ])
  })

  it('asks, dials, queues and streams', () => {
    const response = new VoiceResponse()
    const gather = response.gather({ numDigits: 1, action: '/pressed' })
    gather.say('Press 1')
    const dial = response.dial({ callerId: '+15550100', timeout: 20 })
    dial.number({ statusCallbackEvent: ['ringing', 'answered'] }, '+15550101')
    dial.client('ann').parameter({ name: 'a', value: 'b' })
    response.dial().conference({ startConferenceOnEnter: false }, 'WT1')
    response.enqueue({ workflowSid: 'WW1' }).task({ priority: 5 }, '{"a":"<b>"}')
    response.connect().stream({ url: 'wss://a.example' }).parameter({ name: 'x', value: 'y' })
    response.start().recording({ track: 'both' })
    response.record({ maxLength: 30 })
    response.pause({ length: 2 })
    response.reject({ reason: 'busy' })
    response.hangup()
    const verbs = verbsOf(response.toString(), 'voice')
    expect(verbs.map(({ verb }) => verb)).toEqual([
      ...['Gather', 'Dial', 'Dial', 'Enqueue', 'Connect', 'Start', 'Record', 'Pause', 'Reject', 'Hangup']
    ])
    expect(verbs[0]).toEqual({
      verb: 'Gather',
      attributes: { numDigits: '1', action: '/pressed' },
      children: [{ verb: 'Say', attributes: {}, text: 'Press 1' }]
    })
    expect(verbs[1]?.children).toEqual([
      { verb: 'Number', attributes: { statusCallbackEvent: 'ringing answered' }, text: '+15550101' },
      {
        verb: 'Client',
        attributes: {},
        text: 'ann',
        children: [{ verb: 'Parameter', attributes: { name: 'a', value: 'b' } }]
      }
    ])
    expect(verbs[3]?.children).toEqual([{ verb: 'Task', attributes: { priority: '5' }, text: '{"a":"<b>"}' }])
  })
})

describe('what is not known', () => {
  it.each<[string, Surface, string, readonly string[], readonly string[]]>([
    [
      'a verb of calls',
      'message',
      '<Say>Hi</Say><Message>a</Message>',
      ['Message'],
      ['Say is nothing that may stand in Response']
    ],
    ['another letter case', 'message', '<message>a</message>', [], ['message is nothing that may stand in Response']],
    [
      'HTML in a message',
      'message',
      '<Message>a<br/>b</Message>',
      ['Message'],
      ['br is nothing that may stand in Message']
    ],
    [
      'what stands in it',
      'voice',
      '<Fax><Say>a</Say><Play/></Fax><Hangup/>',
      ['Hangup'],
      ['Fax is nothing that may stand in Response']
    ],
    ['text beside verbs', 'message', 'Hi', [], ['there is text beside the verbs']],
    ['a noun of another verb', 'voice', '<Dial><Task/></Dial>', ['Dial'], ['Task is nothing that may stand in Dial']]
  ])('is left out with a warning: %s', (_, surface, inside, verbs, warnings) => {
    const read = readTwiml(`<Response>${inside}</Response>`, surface)
    if ('problem' in read) throw new Error(read.problem.message)
    expect(read.verbs.map(({ verb }) => verb)).toEqual(verbs)
    expect(read.warnings).toEqual(warnings.map((message) => ({ code: 12200, message })))
  })

  it('is told of twenty times at most', () => {
    const read = readTwiml(`<Response>${'<a/>'.repeat(50)}</Response>`, 'message')
    expect('warnings' in read && read.warnings.length).toBe(20)
  })
})

describe('what is no document', () => {
  const bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response><Message>&b;</Message></Response>'
  it.each([
    ['text', 12100, 'Hello'],
    ['nothing', 12100, ''],
    ['two roots', 12100, '<Response/><Response/>'],
    ['another root', 12100, '<Answer/>'],
    ['an element that does not end', 12100, '<Response><Message>a</Response>'],
    ['a bare ampersand', 12100, '<Response><Message>a & b</Message></Response>'],
    ['an unknown entity', 12100, '<Response><Message>&nbsp;</Message></Response>'],
    ['an attribute twice', 12100, '<Response><Message to="1" to="2"/></Response>'],
    ['an attribute without quotes', 12100, '<Response><Message to=1/></Response>'],
    ['blanks before the declaration', 12100, '\n<?xml version="1.0"?><Response/>'],
    ['a character that XML does not have', 12100, '<Response><Message>\u0001</Message></Response>'],
    ['entities of its own', 12100, bomb],
    ['a file of the machine', 12100, '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response>&a;</Response>'],
    ['elements without end', 12100, `<Response>${'<Say>'.repeat(5_000)}`],
    ['deep speech', 12100, `<Response><Say>${'<p>'.repeat(20)}${'</p>'.repeat(20)}</Say></Response>`],
    ['more than 64 kB', 11750, `<Response><Message>${'é'.repeat(33_000)}</Message></Response>`]
  ])('is refused: %s', (_, code, text) => {
    expect(readTwiml(text, 'voice')).toMatchObject({ problem: { code } })
  })
})

describe('an answer', () => {
  const document = '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Message>a</Message></Response>\n'
  const verbs = [{ verb: 'Message', attributes: {}, text: 'a' }]
  it.each<[string, number, string | undefined, string, object]>([
    ['XML', 200, 'text/xml; charset=utf-8', document, { verbs }],
    ['XML of applications', 200, 'Application/XML', document, { verbs }],
    ['XML that is called HTML', 200, 'text/html', document, { verbs }],
    ['plain text', 200, 'text/plain', ' Hello \n', { plain: 'Hello' }],
    ['nothing', 200, 'text/html', '\n', { verbs: [] }],
    ['nothing of no type', 200, undefined, '', { verbs: [] }],
    ['no content', 204, undefined, '', { verbs: [] }],
    ['created', 201, 'text/xml', document, { verbs }],
    ['JSON', 200, 'application/json', '{}', { problem: { code: 12300 } }],
    ['something of no type', 200, undefined, document, { problem: { code: 12300 } }],
    ['an error', 500, 'text/xml', document, { problem: { code: 11200 } }],
    ['not found', 404, 'text/plain', 'no', { problem: { code: 11200 } }]
  ])('that is %s', (_, status, type, body, meaning) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    expect(readAnswer({ status, headers, body }, 'message')).toMatchObject(meaning)
  })

  it('for a call is never plain text', () => {
    const answer = { status: 200, headers: { 'content-type': 'text/plain' }, body: 'Hello' }
    expect(readAnswer(answer, 'voice')).toMatchObject({ problem: { code: 12300 } })
  })
})
