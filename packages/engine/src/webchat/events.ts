import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** What is told of web chats beside what happens in their conversations. Texts that customers wrote are not in it. */
export const webchatEvents = {
  'webchat-deployment.created': ofDeployment('created'),
  'webchat-deployment.updated': ofDeployment('updated'),
  'webchat-deployment.deleted': ofDeployment('deleted'),
  'webchat-session.opened': ofSession('opened'),
  'webchat-session.over': ofSession('over'),
  'webchat-session.ended': ofSession('ended'),
  'webchat-session.rated': ofSession('rated')
} satisfies Record<string, Rendering>

function ofDeployment(did: string): Rendering {
  return (refs) => {
    const { sid, friendly_name, enabled, address_sid } = refOf(refs, 'webchat_deployment')
    return {
      description: `Webchat deployment ${friendly_name} ${did}`,
      resource_type: 'webchat-deployment',
      resource_sid: sid,
      data: { webchat_deployment_sid: sid, friendly_name, enabled, address_sid }
    }
  }
}

function ofSession(did: string): Rendering {
  return (refs) => {
    const row = refOf(refs, 'webchat_session')
    const { sid, deployment_sid, conversation_sid, chat_service_sid, identity, verified, status, reason, rating } = row
    return {
      description: `Webchat session ${sid} ${did}`,
      resource_type: 'webchat-session',
      resource_sid: sid,
      data: {
        webchat_session_sid: sid,
        webchat_deployment_sid: deployment_sid,
        ...{ conversation_sid, chat_service_sid, identity, verified, status, reason, rating },
        ...refs.extra
      }
    }
  }
}
