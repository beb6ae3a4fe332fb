import { featureOf } from '../live/features.ts'
import { objectIn, textIn } from '../live/rows.ts'

/** Address of the CRM's page for a contact: what stands in `{{task.…}}` and `{{worker.…}}` comes in percent-encoded. */
export function crmUrl(
  configuration: unknown,
  task: Readonly<Record<string, unknown>>,
  worker: Readonly<Record<string, unknown>>
): string | undefined {
  const { crm_enabled, crm_callback_url, crm_fallback_url } = objectIn(configuration)
  const enhanced = featureOf(configuration, 'enhanced_crm_container')
  const configured =
    enhanced.enabled === true ? enhanced.url : crm_enabled === true ? (crm_callback_url ?? crm_fallback_url) : undefined
  if (typeof configured !== 'string') return undefined
  const url = configured.replaceAll(/\{\{\s*(task|worker)\.([\w.]+)\s*\}\}/g, (_, of: string, path: string) =>
    encodeURIComponent(textIn(of === 'task' ? task : worker, ...path.split('.')) ?? '')
  )
  return /^https?:\/\//.test(url) && URL.canParse(url) ? url : undefined
}
