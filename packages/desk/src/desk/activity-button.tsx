import { Menu } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { useOffer } from '../app/keys.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { useActivities, useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { notify } from '../live/notices.ts'
import { type Activity, objectIn, type WorkerDesk } from '../live/rows.ts'
import { StatusDot } from '../parts/avatar.tsx'
import { useWords } from '../words/words.ts'
import { ownChange, setActivity } from './actions.ts'
import { useOffReason } from './off.ts'

/** What the worker does now, since when, and what else it could be. */
export function ActivityButton({ desk, workspace_sid }: { readonly desk: WorkerDesk; readonly workspace_sid: string }) {
  const words = useWords()
  const now = useNow()
  const [isOpen, setOpen] = useState(false)
  const { data: all } = useActivities(workspace_sid)
  const { data: configuration } = useConfiguration()
  const off = useOffReason()
  useOffer('activity', () => setOpen(true))
  const { worker } = desk
  const activities = all && shownActivities(all, worker, featureOf(configuration, 'activity_skill_filter'))
  const offline = configuration?.taskrouter_offline_activity_sid
  const kindOf = (sid: string | null, isAvailable: boolean | null) =>
    isAvailable ? 'available' : sid === offline || sid === null ? 'offline' : 'busy'
  const name = worker.activity_name ?? ''
  const isRinging = desk.reservations.some(({ reservation_status }) => reservation_status === 'pending')
  const pick = (sid: string | null) => {
    if (sid === null || sid === worker.activity_sid) return
    if (off !== undefined) return notify(off, 'error')
    ownChange.add(sid)
    void setActivity(sid)
  }
  return (
    <Menu.Root open={isOpen} onOpenChange={setOpen}>
      <Menu.Trigger className="button activity">
        <StatusDot kind={kindOf(worker.activity_sid, worker.available)} />
        <span className="unseen">{words.activity.choose}: </span>
        <span className="activity-name">{name}</span>
        <span className="age">{spanText(now - (instantOf(worker.date_status_changed) ?? now))}</span>
        <ChevronDown size={14} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="start" sideOffset={4} className="above">
          <Menu.Popup
            className="pop"
            onKeyDown={(event) => {
              const one = /^[1-9]$/.test(event.key) ? activities?.[Number(event.key) - 1] : undefined
              if (!one) return
              setOpen(false)
              pick(one.sid)
            }}
          >
            {isRinging && <p className="hint">{words.activity.ringing}</p>}
            {activities?.map(({ sid, friendly_name, available }, index) => (
              <Menu.Item key={sid} className="item" onClick={() => pick(sid)}>
                <StatusDot kind={kindOf(sid, available)} />
                <span>{friendly_name}</span>
                {index < 9 && <kbd aria-hidden>{index + 1}</kbd>}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}

/** The feature `activity_skill_filter`: activities by their rules, which name the skill that one needs, and an order. */
function shownActivities(
  all: readonly Activity[],
  worker: WorkerDesk['worker'],
  { enabled, rules }: Readonly<Record<string, unknown>>
): readonly Activity[] {
  const named = objectIn(rules)
  if (enabled !== true || Object.keys(named).length === 0) return all
  // Flex keeps them below `routing`.
  const attributes = objectIn(worker.attributes)
  const skills = objectIn(attributes.routing).skills ?? attributes.skills
  const own = new Set(Array.isArray(skills) ? skills.map(String) : [])
  const ruleOf = ({ sid, friendly_name }: Activity) => objectIn(named[sid ?? ''] ?? named[friendly_name ?? ''])
  const isListed = ({ sid, friendly_name }: Activity) => (sid ?? '') in named || (friendly_name ?? '') in named
  return all
    .filter((one) => {
      const { required_skill } = ruleOf(one)
      return isListed(one) && (typeof required_skill !== 'string' || own.has(required_skill))
    })
    .sort((a, b) => Number(ruleOf(a).sort_order ?? 0) - Number(ruleOf(b).sort_order ?? 0))
}
