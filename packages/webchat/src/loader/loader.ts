/*
 * What a page loads: a name, a list of calls, and no more until the page is idle. Then the launcher follows, and the frame
 * behind it once somebody comes near. It is a script and no module, since its address is written into pages; nothing of it
 * is global but one name.
 */

/** Where that is, beside this file: written in by the build. */
declare const launcher: string

type Call = readonly [name: string, ...given: readonly unknown[]]

;(() => {
  const script = document.currentScript as HTMLScriptElement | null // it is no module
  if (!script) return
  const page = window as { Ringdown?: unknown } // a list of calls until now
  const early = page.Ringdown
  const calls: Call[] = Array.isArray(early) ? early : []
  const api: Record<string, (...given: unknown[]) => unknown> = {}
  let isLoading = false

  const call = (...one: Call) => {
    calls.push(one)
    if (one[0] === 'start') load()
  }
  const load = () => {
    if (isLoading) return
    isLoading = true
    const act = async () => {
      const place = script.src.replace(/[^/]*(?:\?.*)?$/, '') + launcher
      const { launch }: typeof import('./launcher.ts') = await import(/* @vite-ignore */ place)
      launch({ script, api, calls })
    }
    if ('requestIdleCallback' in window) requestIdleCallback(act, { timeout: 2000 })
    else setTimeout(act, 1)
  }

  for (const name of ['start', 'open', 'close', 'toggle', 'show', 'hide', 'identify', 'set', 'prefill', 'shutdown'])
    api[name] = (...given) => call(name, ...given)
  api.on = (...given) => {
    call('on', ...given)
    return () => call('off', ...given)
  }
  api.push = (...more) => {
    for (const one of more) call(...(one as Call)) // as the page has written it
  }
  page.Ringdown = api
  if (script.dataset.start !== 'manual' || calls.some(([name]) => name === 'start')) load()
})()
