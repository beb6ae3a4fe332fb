import { InvalidRequest } from '@ringdown/contract/form'
import type { Actor } from '@ringdown/engine/core/events'
import { TokenRefused } from '../../access/token.ts'
import type { TaskRouterRole, TokenCaller, Tokens } from '../../access/tokens.ts'

/** Who holds an access token with a TaskRouter grant. */
export interface Access {
  readonly account_sid: string
  readonly workspace_sid: string
  /** Undefined for whoever works on the workspace only: a supervisor or an administrator. */
  readonly worker_sid: string | undefined
  readonly role: TaskRouterRole
  /** Milliseconds since the epoch. */
  readonly expires_at: number
  /** Who the log says did what it does. */
  readonly actor: Actor | undefined
  /** Whether it may still do so: its key, its session and its worker are there. */
  readonly stands: () => boolean
}

/**
 * Reads a token with a TaskRouter grant. Rejects with InvalidRequest: 401 when it has expired, 403 otherwise, as the SDK
 * expects it (reference taskrouter 9.4).
 */
export async function accessBy(token: string, tokens: Tokens): Promise<Access> {
  try {
    return accessOf(await tokens.caller(token))
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    throw new InvalidRequest(error.message, null, { status: error.isExpired ? 401 : 403, code: error.code })
  }
}

function accessOf(caller: TokenCaller): Access {
  const { account_sid, actor, expires_at, grants } = caller
  const { task_router } = grants
  if (!task_router) throw new TokenRefused('grants')
  // Somebody who has signed in may do another worker's work by now than the token says.
  const stands = () => {
    const standing = caller.standing()
    return standing?.kind === 'roles' && standing.worker_sid === task_router.worker_sid
  }
  if (!stands()) throw new TokenRefused('grants')
  return { account_sid, actor, expires_at, ...task_router, stands }
}
