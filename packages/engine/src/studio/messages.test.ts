import { describe, expect, it } from 'vitest'
import { ask, definition, first, say } from '../testing/flows.ts'
import { Stage, staged } from '../testing/stage.ts'
import { memberOfContext } from './context.ts'

describe('messages', () => {
  it('of a conversation are seen whole: what was said, and what was heard', () => {
    const { stage, write, chat } = staged([first('a'), ask('a', 'Name?', 'b'), say('b', 'x')])
    write('hi')
    write('Ana')
    const { context } = stage.execution
    const [service] = stage.state.tables.chat_service.all()
    const [customer] = stage.state.tables.participant.by('conversation_sid', chat)
    const heard = (body: string, index: number) => ({
      AccountSid: stage.state.account_sid,
      Body: body,
      ...{ ConversationSid: chat, ChannelSid: chat },
      ...{ ChatServiceSid: service?.sid, InstanceSid: service?.sid },
      MessageSid: expect.stringMatching(/^IM/),
      MessagingServiceSid: expect.stringMatching(/^MG/),
      ParticipantSid: customer?.sid,
      ...{ From: '+37255500001', Author: '+37255500001', To: '+3726000' },
      Index: index,
      DateCreated: '2026-01-01T00:00:00.000Z',
      Source: 'SMS',
      Attributes: '{}',
      NumMedia: '0',
      ChannelAttributes: { channel_type: 'sms' }
    })
    expect(memberOfContext(context, 'trigger', 'conversation')).toEqual({
      ...heard('hi', 0),
      WebhookSid: expect.stringMatching(/^WH/)
    })
    expect(memberOfContext(context, 'widgets', 'a')).toEqual({
      outbound: {
        Sid: expect.stringMatching(/^IM/),
        ...{ ConversationSid: chat, ChannelSid: chat },
        ...{ Body: 'Name?', Author: '+3726000', Index: 1, Attributes: '{}', ParticipantSid: null }
      },
      inbound: heard('Ana', 2)
    })
  })

  it('of their own as well', () => {
    const stage = new Stage()
    stage.start(stage.flow(definition([first('a'), say('a', 'Hello')])))
    expect(memberOfContext(stage.execution.context, 'widgets', 'a', 'outbound')).toEqual({
      Sid: expect.stringMatching(/^SM/),
      AccountSid: stage.state.account_sid,
      MessagingServiceSid: null,
      ...{ From: '+3726000', To: '+37255500001', Body: 'Hello', Status: 'queued', Direction: 'outbound-api' },
      ...{ NumMedia: '0', NumSegments: '1', Price: null, PriceUnit: null, ErrorCode: null, ErrorMessage: null }
    })
  })
})

it('a webhook that comes late hears of what was said before, from the index that it names', () => {
  const stage = new Stage()
  const late = stage.flow(definition([first('a'), say('a', 'You said {{trigger.conversation.Body}}')]))
  const chat = stage.conversation()
  for (const body of ['one', 'two', 'three']) stage.write(chat, body)
  stage.do({
    type: 'conversation_scoped_webhook.create',
    conversation_sid: chat,
    target: 'studio',
    configuration_flow_sid: late,
    configuration_replay_after: 1
  })
  expect(stage.said(chat).at(-1)).toBe('You said two')
})
