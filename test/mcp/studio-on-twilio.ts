import { listOf, sid, Wire } from './wire.ts'

const dates = { date_created: '2026-01-31T09:00:00Z', date_updated: '2026-01-31T09:30:00Z' }

const flow = {
  sid: sid('FW'),
  friendly_name: 'Welcome',
  status: 'published',
  revision: 3,
  valid: true,
  errors: [],
  definition: {
    states: [
      { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next: 'greet' }] },
      { name: 'greet', type: 'send-message', transitions: [{ event: 'sent' }] }
    ]
  },
  ...dates
}

const execution = {
  sid: sid('FN'),
  flow_sid: sid('FW'),
  contact_channel_address: '+33600000001',
  flow_version: 3,
  status: 'ended',
  context: {},
  ...dates
}

const step = {
  sid: sid('FT'),
  name: 'incomingMessage',
  transitioned_from: 'Trigger',
  transitioned_to: 'greet',
  ...dates
}

const flows = 'studio/v2/Flows'

/** One flow and one execution of it, as a Twilio account has them; everything else is the server's at `url`. */
export function studioOnTwilio(url: string): Wire {
  const ok = (body: unknown) => () => ({ status: 200, body })
  return new Wire(url)
    .on(`GET ${flows}`, () => listOf('flows', [flow]))
    .on(`POST ${flows}`, ok(flow))
    .on(`GET ${flows}/:fw`, ok(flow))
    .on(`POST ${flows}/:fw`, ok(flow))
    .on(`DELETE ${flows}/:fw`, () => ({ status: 204, body: '' }))
    .on(`POST ${flows}/Validate`, ok({ valid: true }))
    .on(`GET ${flows}/:fw/Revisions/:revision`, ok(flow))
    .on(`GET ${flows}/:fw/Executions`, () => listOf('executions', [execution]))
    .on(`POST ${flows}/:fw/Executions`, ok(execution))
    .on(`GET ${flows}/:fw/Executions/:fn`, ok(execution))
    .on(`POST ${flows}/:fw/Executions/:fn`, ok(execution))
    .on(`GET ${flows}/:fw/Executions/:fn/Steps`, () => listOf('steps', [step]))
    .on(`GET ${flows}/:fw/Executions/:fn/Context`, ok({ context: { contact: {} }, flow_sid: sid('FW') }))
}
