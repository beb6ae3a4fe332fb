import {
  createWebchatDeployment,
  deleteWebchatDeployment,
  sealWebchatSecret,
  updateWebchatDeployment
} from './deployment.ts'
import {
  endWebchatSession,
  leaveWebchat,
  openWebchatSession,
  openWebchatSessionReads,
  rateWebchatSession,
  resumeWebchatSession,
  touchWebchatSession,
  webchatSessionDue,
  webchatSessionReads
} from './session.ts'

export const webchatCommands = {
  'webchat_deployment.create': { decide: createWebchatDeployment },
  'webchat_deployment.update': { decide: updateWebchatDeployment },
  'webchat_deployment.seal': { decide: sealWebchatSecret },
  'webchat_deployment.delete': { decide: deleteWebchatDeployment },
  'webchat_session.open': { decide: openWebchatSession, reads: openWebchatSessionReads },
  'webchat_session.resume': { decide: resumeWebchatSession, reads: webchatSessionReads },
  'webchat_session.touch': { decide: touchWebchatSession, reads: webchatSessionReads },
  'webchat_session.rate': { decide: rateWebchatSession, reads: webchatSessionReads },
  'webchat_session.leave': { decide: leaveWebchat, reads: webchatSessionReads },
  'webchat_session.delete': { decide: endWebchatSession, reads: webchatSessionReads },
  'timer.webchat_session': { decide: webchatSessionDue }
} as const
