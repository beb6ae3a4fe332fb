import { Copy, ShieldCheck } from 'lucide-react'
import { useId, useState } from 'react'
import { instantOf, spanText } from '../live/clock.ts'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { channelOf, type DeskItem, identityOf, objectIn, textIn, type WorkerDesk } from '../live/rows.ts'
import { Avatar } from '../parts/avatar.tsx'
import { Card } from '../parts/card.tsx'
import { late } from '../parts/late.tsx'
import { PaneDivider } from '../parts/pane-divider.tsx'
import { nameOf } from '../words/names.ts'
import { dateTimeText, useWords } from '../words/words.ts'
import { AttributeTree } from './attribute-tree.tsx'
import { languageName } from './canvas-head.tsx'
import { crmUrl } from './crm-url.ts'
import { History } from './history.tsx'
import { NotesTab } from './notes-tab.tsx'

const Recordings = late(async () => (await import('../phone/recordings.tsx')).Recordings)

type Tab = 'customer' | 'task' | 'history' | 'notes' | 'crm'

/** What is known of a contact: the customer, the task, and what was before. */
export function Context({ desk, item }: { readonly desk: WorkerDesk; readonly item: DeskItem }) {
  const words = useWords()
  const id = useId()
  const [tab, setTab] = useState<Tab>('customer')
  const { data: configuration } = useConfiguration()
  const crm = crmUrl(configuration, item.attributes, objectIn(desk.worker.attributes))
  const tabs: readonly Tab[] = ['customer', 'task', 'history', 'notes', ...(crm ? (['crm'] as const) : [])]
  return (
    <aside className="context" aria-label={words.context.tabs} data-pane tabIndex={-1}>
      <PaneDivider pane="context" />
      <div className="context-tabs" role="tablist" aria-label={words.context.tabs}>
        {tabs.map((one, index) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`${id}-${one}`}
            aria-selected={tab === one}
            aria-controls={`${id}-panel`}
            tabIndex={tab === one ? 0 : -1}
            onClick={() => setTab(one)}
            onKeyDown={({ key }) => {
              const step = { ArrowRight: 1, ArrowLeft: -1 }[key]
              const next = step === undefined ? undefined : tabs[(index + step + tabs.length) % tabs.length]
              if (!next) return
              setTab(next)
              document.getElementById(`${id}-${next}`)?.focus()
            }}
          >
            {words.context[one]}
          </button>
        ))}
      </div>
      <div
        className="scroll"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tab}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
      >
        {tab !== 'customer' && <h2 className="unseen">{words.context[tab]}</h2>}
        {tab === 'customer' && <Customer item={item} />}
        {tab === 'task' && <TaskCard item={item} configuration={configuration} />}
        {tab === 'task' && channelOf(item) === 'voice' && <Recordings task_sid={item.task.sid} />}
        {tab === 'history' && <History item={item} me={identityOf(desk.worker)} />}
        {tab === 'notes' && <NotesTab item={item} />}
        {tab === 'crm' && crm && (
          <iframe
            className="crm"
            title={words.context.crm}
            src={crm}
            sandbox="allow-scripts allow-forms allow-same-origin allow-popups"
          />
        )}
      </div>
    </aside>
  )
}

function Customer({ item }: { readonly item: DeskItem }) {
  const words = useWords()
  const { attributes, conversation } = item
  const name = nameOf(item)
  const address = textIn(attributes, 'customerAddress')
  const language = textIn(attributes, 'language')
  const email = textIn(attributes, 'customers', 'email') ?? textIn(attributes.pre_engagement_data, 'email')
  const facts = Object.entries(attributes).filter(
    ([key, value]) => !inner.has(key) && ['string', 'number', 'boolean'].includes(typeof value) && value !== ''
  )
  return (
    <>
      <section className="card person">
        <Avatar name={name} size={44} />
        <div>
          <h2 dir="auto">{name}</h2>
          <span className="age">{words.channels[channelOf(item)] ?? channelOf(item)}</span>
        </div>
      </section>
      <Card name="contact" title={words.context.contact}>
        <dl>
          {address && !isMadeUp(address) && <Fact name={words.context.address} value={address} isCopied />}
          {email && email !== address && <Fact name={words.context.email} value={email} isCopied />}
          {language && <Fact name={words.context.language} value={languageName(language, words.lang)} />}
        </dl>
        {attributes.webchat !== undefined && <Known attributes={attributes} />}
      </Card>
      <Form attributes={attributes} />
      {facts.length > 0 && (
        <Card name="about" title={words.context.about}>
          <dl>
            {facts.map(([key, value]) => (
              <Fact key={key} name={key.replaceAll('_', ' ')} value={String(value)} />
            ))}
          </dl>
        </Card>
      )}
      {conversation && conversation.participants.length > 1 && (
        <Card name="participants" title={words.context.participants}>
          <ul className="people">
            {conversation.participants.map(({ sid, identity, address: from }) => (
              <li key={sid}>
                <Avatar name={from === null && identity !== address ? (identity ?? name) : name} size={26} />{' '}
                {from === null && identity !== address ? identity : name}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  )
}

/** Of a guest who has said nothing of itself. */
function isMadeUp(address: string): boolean {
  return /^[0-9a-f]{32}$/.test(address)
}

/** Whether the customer's own server has said who this is, or the visitor alone. */
function Known({ attributes }: Pick<DeskItem, 'attributes'>) {
  const words = useWords()
  const { verified, outside_hours } = objectIn(attributes.webchat)
  return (
    <p className={verified === true ? 'known' : 'hint'}>
      {verified === true && <ShieldCheck size={14} aria-hidden="true" />}
      {verified === true ? words.context.verified : words.context.claimed}
      {outside_hours === true && <> · {words.context.awayHours}</>}
    </p>
  )
}

/** What was written before the chat, and what the page has said of where that was. */
function Form({ attributes }: Pick<DeskItem, 'attributes'>) {
  const words = useWords()
  const { friendlyName: _, query: __, email: ___, context, ...answers } = objectIn(attributes.pre_engagement_data)
  const parts = [
    [words.context.form, answers],
    [words.context.page, objectIn(context)]
  ] as const
  return parts.map(([title, facts]) => {
    const all = Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    if (all.length === 0) return null
    return (
      <Card key={title} name={title === words.context.form ? 'form' : 'page'} title={title}>
        <dl>
          {all.map(([key, value]) => (
            <Fact key={key} name={key.replaceAll('_', ' ')} value={String(value)} />
          ))}
        </dl>
      </Card>
    )
  })
}

/** Attributes that are said elsewhere, or that only programs read. */
const inner = new Set(
  'flexInteractionSid flexInteractionChannelSid flexChannelInviteSid conversationSid ChannelSid channelSid channelType initiatedBy direction customerAddress customerName from customers conversations language'.split(
    ' '
  )
)

interface TaskCardProps {
  readonly item: DeskItem
  readonly configuration: unknown
}

function TaskCard({ item: { task, reservation, attributes }, configuration }: TaskCardProps) {
  const words = useWords()
  const waited = (instantOf(reservation.date_created) ?? 0) - (instantOf(task.date_created) ?? 0)
  const viewer = featureOf(configuration, 'attribute_viewer')
  const all = Object.entries(attributes)
  return (
    <>
      <Card name="task" title={words.context.task}>
        <dl>
          {task.task_queue_friendly_name && <Fact name={words.context.queue} value={task.task_queue_friendly_name} />}
          {task.workflow_friendly_name && <Fact name={words.context.workflow} value={task.workflow_friendly_name} />}
          <Fact name={words.context.priority} value={String(task.priority)} />
          <Fact name={words.context.waited} value={spanText(waited)} />
          <Fact name={words.context.created} value={dateTimeText(instantOf(task.date_created) ?? 0, words.lang)} />
          {task.reason && <Fact name={words.context.reason} value={task.reason} />}
          <Fact name="SID" value={task.sid} isCopied />
        </dl>
      </Card>
      <Card name="attributes" title={words.context.attributes}>
        {all.length === 0 && <p className="hint">{words.context.noAttributes}</p>}
        <ul className="attributes">
          {all.map(([name, value]) => (
            <AttributeTree key={name} name={name} value={value} />
          ))}
        </ul>
        {/* As it is kept, only for those whom the template lets see it. */}
        {viewer.enabled === true && viewer.enabled_for_agents !== false && (
          <pre className="raw">{JSON.stringify(attributes, null, 2)}</pre>
        )}
      </Card>
    </>
  )
}

interface FactProps {
  readonly name: string
  readonly value: string
  readonly isCopied?: boolean
}

function Fact({ name, value, isCopied = false }: FactProps) {
  const words = useWords()
  return (
    <>
      <dt>{name}</dt>
      <dd dir="auto">
        <span>{value}</span>
        {isCopied && (
          <button
            type="button"
            className="icon-button small"
            aria-label={words.context.copy(name)}
            onClick={() => void navigator.clipboard?.writeText(value)}
          >
            <Copy size={13} />
          </button>
        )}
      </dd>
    </>
  )
}
