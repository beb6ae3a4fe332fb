import { computed, signal } from '@preact/signals'
import type { WebchatDeployment } from '@ringdown/client/webchat-frames'
import type { Visitor } from '../between.ts'

/* What the chat goes by: the deployment, from the server, and the visitor, from the page around. */

/** `failed` where the server does not answer. */
export const deployment = signal<WebchatDeployment | 'failed' | undefined>(undefined)

export const visitor = signal<Visitor>({})

export const known = computed(() => (deployment.value === 'failed' ? undefined : deployment.value))
