/* The page's buttons open the chat with a question that is there already: what a shop's own pages would do. */

interface Widget {
  prefill(text: string): void
  open(): void
}

for (const button of document.querySelectorAll<HTMLElement>('[data-ask]'))
  button.addEventListener('click', () => {
    const { Ringdown: widget } = window as { readonly Ringdown?: Widget } // the loader is on this page
    widget?.prefill(button.dataset.ask ?? '')
    widget?.open()
  })

/** Where customers may call, a link leads to a page that does. */
async function offerCall(link: HTMLAnchorElement, key: string): Promise<void> {
  const response = await fetch(`/ringdown/v1/Webchat/Deployments/${key}`)
  const { calls } = (await response.json()) as { readonly calls?: boolean } // by the contract
  if (!calls) return
  link.href = `/desk/call?key=${key}`
  link.target = '_blank'
  link.hidden = false
}

const key = document.querySelector<HTMLElement>('script[data-key]')?.dataset.key
const link = document.querySelector<HTMLAnchorElement>('[data-call]')
if (key && link) void offerCall(link, key).catch(() => {})
