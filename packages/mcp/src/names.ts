import type { Twilio } from 'twilio'
import type { ConversationListInstance } from 'twilio/lib/rest/conversations/v1/conversation.js'
import { apiError, type Fault, fault, isApi } from './errors.ts'
import { objectIn } from './json.ts'
import { called, near } from './near.ts'
import { isSid, sidMeaning, sidPrefixes } from './sids.ts'
import type { RefKind } from './tool.ts'

/** A thing with its SID and the names it goes by: friendly name, unique name. */
export interface Named {
  readonly sid: string
  readonly names: readonly string[]
}

interface Known {
  readonly entries: readonly Named[]
  /** There are more than were read; a name that is not here is looked for by itself. */
  readonly partial: boolean
  readonly at: number
}

/** Milliseconds for which a list of names is believed. */
const believed_ms = 30_000
const maxEntries = 5000

const nounOf: Readonly<Record<RefKind, string>> = {
  workspace: 'workspace',
  activity: 'activity',
  task_queue: 'queue',
  workflow: 'workflow',
  worker: 'worker',
  task_channel: 'task channel',
  flex_flow: 'Flex Flow',
  studio_flow: 'Studio flow',
  conversation: 'conversation'
}

/** The plural, for sentences and candidates. */
const pluralOf: Readonly<Record<RefKind, string>> = {
  workspace: 'workspaces',
  activity: 'activities',
  task_queue: 'queues',
  workflow: 'workflows',
  worker: 'workers',
  task_channel: 'task channels',
  flex_flow: 'Flex Flows',
  studio_flow: 'Studio flows',
  conversation: 'conversations'
}

/** What a name was found to mean, and whether an older look-up said so. */
export interface Resolved {
  readonly sid: string
  readonly cached: boolean
}

/** The workspace that a call is about; `told` when it was chosen among several and the caller should know. */
export interface Chosen {
  readonly sid: string
  readonly told: boolean
}

/** What an account's names mean: lists of names per kind and workspace, believed for 30 s. */
export class Names {
  readonly #client: Twilio
  readonly #now: () => number
  readonly #known = new Map<string, Promise<Known>>()
  #flex: Promise<{ workspace?: string | undefined; at: number }> | undefined

  constructor(client: Twilio, now: () => number = () => performance.now()) {
    this.#client = client
    this.#now = now
  }

  /** Forgets every look-up: something was renamed, or a known SID is gone. */
  forget(): void {
    this.#known.clear()
    this.#flex = undefined
  }

  /** All things of a kind (the first 5,000), with their names; `workspaceSid` is needed for those that live in one. */
  async entries(kind: RefKind, workspaceSid = ''): Promise<readonly Named[]> {
    return (await this.#list(kind, workspaceSid)).known.entries
  }

  /** The first name of a SID, or undefined. */
  async nameOf(kind: RefKind, sid: string, workspaceSid = ''): Promise<string | undefined> {
    const entries = await this.entries(kind, workspaceSid)
    return entries.find((entry) => entry.sid === sid)?.names[0]
  }

  /**
   * The SID that an argument means: a SID of the right kind, or an exact name, or else one in another Unicode form or case.
   * `workspaceSid` is where it lives: the workspace, or a conversation's chat service ('' for the default one).
   *
   * Throws Fault `wrong_sid`, `ambiguous_name` with the candidates, or `unknown_name` with up to five near names.
   */
  async resolve(kind: RefKind, text: string, argument: string, workspaceSid = ''): Promise<Resolved> {
    const prefix = sidPrefixes[kind]
    if (isSid(text)) {
      if (text.startsWith(prefix)) return { sid: text, cached: false }
      throw await this.#wrongSid(kind, text, argument)
    }
    if (kind === 'conversation') {
      const sid = await this.#conversation(text, workspaceSid)
      if (sid) return { sid, cached: false }
    }
    let { known, fresh } = await this.#list(kind, workspaceSid)
    let sid = found(kind, text, argument, known)
    if (sid === undefined && !fresh) {
      this.#known.delete(`${kind} ${workspaceSid}`)
      ;({ known, fresh } = await this.#list(kind, workspaceSid))
      sid = found(kind, text, argument, known)
    }
    if (sid === undefined && known.partial)
      sid = found(kind, text, argument, { ...known, entries: await this.#byName(kind, text, workspaceSid) })
    if (sid !== undefined) return { sid, cached: !fresh }
    throw unknownName(kind, text, argument, known.entries)
  }

  /**
   * The workspace when none is given: the server's option, Flex's workspace, the only one; otherwise the caller
   * must choose.
   */
  async workspace(option: string | undefined): Promise<Chosen> {
    if (option !== undefined) return { sid: (await this.resolve('workspace', option, 'workspaceSid')).sid, told: false }
    const [flex, entries] = await Promise.all([this.#flexWorkspace(), this.entries('workspace')])
    const [only] = entries
    if (flex && entries.some((entry) => entry.sid === flex)) return { sid: flex, told: entries.length > 1 }
    if (only && entries.length === 1) return { sid: only.sid, told: false }
    if (!only)
      throw fault('missing_argument', 'this account has no workspace', {
        argument: 'workspaceSid',
        next: 'create one with manage_workspaces; give workspaceSid'
      })
    throw fault('missing_argument', `which workspace? there are ${entries.length}`, {
      argument: 'workspaceSid',
      candidates: entries.slice(0, 20).map(shown),
      next: 'give workspaceSid: a SID or name'
    })
  }

  async #flexWorkspace(): Promise<string | undefined> {
    const now = this.#now()
    if (this.#flex && now - (await this.#flex).at >= believed_ms) this.#flex = undefined
    this.#flex ??= this.#client.flexApi.v1
      .configuration()
      .fetch()
      .then(
        (configuration) => ({ workspace: configuration.taskrouterWorkspaceSid ?? undefined, at: now }),
        (error: unknown) => {
          const api = apiError(error)
          // An account without Flex answers 404 or 403, a server without it 501: the next rule decides.
          if (!api || api.status === 401 || api.status === 429 || (api.status >= 500 && api.status !== 501)) {
            this.#flex = undefined
            throw error
          }
          return { workspace: undefined, at: now }
        }
      )
    return (await this.#flex).workspace
  }

  async #list(kind: RefKind, workspaceSid: string): Promise<{ known: Known; fresh: boolean }> {
    const key = `${kind} ${workspaceSid}`
    const kept = this.#known.get(key)
    if (kept) {
      const known = await kept
      if (this.#now() - known.at < believed_ms) return { known, fresh: false }
    }
    const reading = this.#read(kind, workspaceSid, {}).then((entries) => ({
      entries,
      partial: entries.length >= maxEntries,
      at: this.#now()
    }))
    this.#known.set(key, reading)
    try {
      return { known: await reading, fresh: true }
    } catch (error) {
      this.#known.delete(key)
      throw error
    }
  }

  async #byName(kind: RefKind, name: string, workspaceSid: string): Promise<readonly Named[]> {
    if (kind === 'conversation' || kind === 'studio_flow') return this.#read(kind, workspaceSid, {})
    const lists = forms(name).map((friendlyName) => this.#read(kind, workspaceSid, { friendlyName }))
    return (await Promise.all(lists)).flat()
  }

  async #read(kind: RefKind, workspaceSid: string, filter: { friendlyName?: string }): Promise<readonly Named[]> {
    const limit = { limit: maxEntries, pageSize: 1000, ...filter }
    const { taskrouter, flexApi, studio } = this.#client
    if (kind === 'workspace') return (await taskrouter.v1.workspaces.list(limit)).map(friendly)
    if (kind === 'flex_flow') return (await flexApi.v1.flexFlow.list(limit)).map(friendly)
    if (kind === 'studio_flow') return (await studio.v2.flows.list({ limit: maxEntries, pageSize: 100 })).map(friendly)
    if (kind === 'conversation')
      return (await conversationsOf(this.#client, workspaceSid).list({ limit: 500, pageSize: 100 })).map(friendly)
    const workspace = taskrouter.v1.workspaces(workspaceSid)
    if (kind === 'activity') return (await workspace.activities.list(limit)).map(friendly)
    if (kind === 'task_queue') return (await workspace.taskQueues.list(limit)).map(friendly)
    if (kind === 'workflow') return (await workspace.workflows.list(limit)).map(friendly)
    if (kind === 'worker') return (await workspace.workers.list(limit)).map(friendly)
    return (await workspace.taskChannels.list({ limit: maxEntries, pageSize: 100 })).map(
      ({ sid, uniqueName, friendlyName }) => ({ sid, names: [uniqueName, friendlyName] })
    )
  }

  /** A conversation's unique name stands in the path; only a friendly name needs a list. */
  async #conversation(name: string, service: string): Promise<string | undefined> {
    for (const form of forms(name)) {
      try {
        return (await conversationsOf(this.#client, service)(form).fetch()).sid
      } catch (error) {
        if (!isApi(error, 404)) throw error
      }
    }
    return undefined
  }

  async #wrongSid(kind: RefKind, sid: string, argument: string): Promise<Fault> {
    const meaning = sidMeaning(sid)
    let next = `give ${argument} as ${sidPrefixes[kind]}… or a name${meaning.argument ? `; this SID fits ${meaning.argument}` : ''}`
    if (kind === 'conversation' && sid.startsWith('KD')) {
      const conversation = await this.#conversationOf(sid)
      if (conversation) next = `its conversation is ${conversation}: give that as ${argument}`
    }
    return fault('wrong_sid', `${argument} takes a ${nounOf[kind]}; ${sid} is ${meaning.thing}`, {
      argument,
      found: sid,
      next
    })
  }

  async #conversationOf(interactionSid: string): Promise<string | undefined> {
    try {
      const interaction = await this.#client.flexApi.v1.interaction(interactionSid).fetch()
      const sid = objectIn(objectIn(objectIn(interaction.routing).properties).attributes).conversationSid
      return typeof sid === 'string' ? sid : undefined
    } catch (error) {
      if (apiError(error)) return undefined
      throw error
    }
  }
}

/** The conversations of a chat service; of the account's default one where none is given. */
export function conversationsOf(client: Twilio, chatServiceSid: string | undefined): ConversationListInstance {
  if (!chatServiceSid) return client.conversations.v1.conversations
  // The service's form has the same methods and parameters under another path; the SDK types them separately.
  return client.conversations.v1.services(chatServiceSid).conversations as unknown as ConversationListInstance
}

const friendly = ({
  sid,
  friendlyName,
  uniqueName
}: {
  sid: string
  friendlyName: string
  uniqueName?: string
}): Named => ({
  sid,
  names: [friendlyName, uniqueName].filter((name) => typeof name === 'string')
})

/** A name as it was given and, where that differs, composed: an API may compare code by code. */
const forms = (name: string): readonly string[] => [...new Set([name, name.normalize('NFC')])]

/** A candidate as an error shows it. */
export const shown = ({ sid, names }: Named): string => `${names[0] ?? ''} (${sid})`

function found(kind: RefKind, text: string, argument: string, { entries }: Pick<Known, 'entries'>): string | undefined {
  const hits = called(text, entries, ({ names }) => names)
  if (hits.length > 1) {
    throw fault('ambiguous_name', `${hits.length} ${pluralOf[kind]} are called ${text}`, {
      argument,
      found: text,
      candidates: hits.slice(0, 10).map(kind === 'conversation' ? ({ sid }) => sid : shown),
      next: `give ${argument} as a SID`
    })
  }
  return hits[0]?.sid
}

function unknownName(kind: RefKind, text: string, argument: string, entries: readonly Named[]): Fault {
  const names = entries.map((entry) => ({ text: entry.names[0] ?? entry.sid, sid: entry.sid }))
  // A conversation is often called as its customer wants: what an error says is taken for ours.
  const close = near(text, names).map((entry) => (kind === 'conversation' ? entry.sid : entry.text))
  const few = names.length <= 8 && kind !== 'conversation' ? names.map((name) => name.text) : []
  const telling =
    few.length > 0 ? `; there are ${few.join(', ')}` : close.length > 0 ? `; near: ${close.join(', ')}` : ''
  return fault(
    'unknown_name',
    `no ${nounOf[kind]} '${text}'${names.length === 0 ? `; there are no ${pluralOf[kind]}` : telling}`,
    {
      argument,
      found: text,
      near: close.length > 0 ? close : undefined,
      next: `give ${argument} as a SID or an existing name`
    }
  )
}
