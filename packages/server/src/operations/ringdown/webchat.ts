import { randomBytes } from 'node:crypto'
import type { State } from '@ringdown/engine/center'
import { notFound } from '@ringdown/engine/core/parameters'
import { deploymentOf } from '@ringdown/engine/webchat/deployment'
import type { WebchatDeploymentRow, WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import { sealedForWebchat } from '../../access/webchats.ts'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'
import { shownJson } from '../shown-json.ts'
import { checkHours } from './webchat-hours.ts'

/** Where customers can write to us, and who does. */
export const webchatNouns: Readonly<Record<string, Noun>> = {
  webchat_deployment: noun({
    kind: 'webchat_deployment',
    find: ({ state }, { sid }: One) => deploymentOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
    represent: representDeployment,
    // Which time zones there are, the engine does not know.
    async agreed({ state }, command) {
      if (command.type === 'webchat_deployment.create' || command.type === 'webchat_deployment.update')
        checkHours(state, command.hours)
      return command
    }
  }),
  webchat_session: noun({
    kind: 'webchat_session',
    find: sessionOf,
    rows: (_context, _path, params): ColdQuery => ({
      where: Object.entries(params).map(([column, value]) => [column, '=', String(value)]),
      order: ['seq'],
      descending: true
    })
  })
}

export const webchatHandlers = {
  async 'ringdown_v1.CreateWebchatDeploymentSecret'({ path: { deployment_sid } }, context) {
    const { state, execute, admission } = context
    if (!admission) throw new Error('invariant: a server with accounts admits others')
    const secret = randomBytes(32).toString('base64url')
    const sealed_secret = admission.sealing.seal(secret, sealedForWebchat(state.account_sid))
    await execute({ type: 'webchat_deployment.seal', sid: deployment_sid, sealed_secret })
    return { deployment_sid, secret }
  }
} satisfies Handlers

/** The row in memory is the newer one. */
async function sessionOf({ state, ledger }: Context, { sid }: One): Promise<WebchatSessionRow> {
  const row = state.resident('webchat_session', sid) ?? (await ledger.find('webchat_session', { sid }))[0]
  return row ?? notFound(`/Webchat/Sessions/${sid}`)
}

/** A deployment as admins see it: nobody sees its secret. */
function representDeployment(_state: State, row: WebchatDeploymentRow) {
  const { sealed_secret, theme, texts, form, hours, application_sid = null, ...shown } = row
  const written = { theme: shownJson(theme), texts: shownJson(texts), form: shownJson(form), hours: shownJson(hours) }
  return { ...shown, ...written, application_sid, has_secret: sealed_secret !== null }
}
