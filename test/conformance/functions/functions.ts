import { functionValidator } from 'twilio-flex-token-validator'
import { type Handler, Response } from './host.ts'

/*
 * Functions of the kind that stand behind a Flex desk: they have the desk's token checked, look at who it is, and act with
 * the official SDK.
 */

/** As the runtime calls it; the validator's own types want those of the runtime's package, which is not here. */
function checked(handler: Handler): Handler {
  return functionValidator(handler as unknown as Parameters<typeof functionValidator>[0]) as unknown as Handler
}

function answer(status: number, body: unknown): Response {
  const response = new Response()
  response.appendHeader('Access-Control-Allow-Origin', '*')
  response.setStatusCode(status)
  response.setBody(body)
  return response
}

const text = (value: unknown) => String(value ?? '')

/** Adds to a task's attributes; for supervisors. */
export const noteOnTask = checked(async (context, event, callback) => {
  if (!event.TokenResult?.roles.includes('supervisor')) return callback(null, answer(403, 'supervisors only'))
  const { tasks } = context.getTwilioClient().taskrouter.v1.workspaces(context.WORKSPACE_SID)
  const { attributes } = await tasks(text(event.taskSid)).fetch()
  const merged = JSON.stringify({ ...JSON.parse(attributes), note: text(event.note) })
  const task = await tasks(text(event.taskSid)).update({ attributes: merged })
  return callback(null, answer(200, JSON.parse(task.attributes)))
})

/** Goes to another activity: whoever asks, and nobody else. */
export const takeBreak = checked(async (context, event, callback) => {
  const worker_sid = event.TokenResult?.worker_sid
  if (!worker_sid) return callback(null, answer(400, 'no worker'))
  const workspace = context.getTwilioClient().taskrouter.v1.workspaces(context.WORKSPACE_SID)
  const [activity] = await workspace.activities.list({ friendlyName: text(event.activity) })
  if (!activity) return callback(null, answer(404, 'no such activity'))
  const worker = await workspace.workers(worker_sid).update({ activitySid: activity.sid })
  return callback(null, answer(200, { worker: worker.sid, activity: worker.activityName }))
})

/** Asks another worker into a contact. */
export const askColleague = checked(async (context, event, callback) => {
  const client = context.getTwilioClient()
  const channel = client.flexApi.v1.interaction(text(event.interactionSid)).channels(text(event.channelSid))
  try {
    const invite = await channel.invites.create({
      routing: {
        properties: {
          workspace_sid: context.WORKSPACE_SID,
          queue_sid: text(event.queueSid),
          worker_sid: text(event.workerSid),
          task_channel_unique_name: 'sms'
        }
      }
    })
    return callback(null, answer(201, { invite: invite.sid }))
  } catch (error) {
    const { status = 500, message } = error as { status?: number; message: string } // as the SDK throws it
    return callback(null, answer(status, message))
  }
})
