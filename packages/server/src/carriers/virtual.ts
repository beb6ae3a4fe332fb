import type { Carrier } from './carrier.ts'

/** The network of virtual phones, which are rows of the account: whatever has no phone there does not exist. */
export const virtualCarrier: Carrier = {
  async send({ sid }, { ledger }) {
    const { answer } = await ledger.execute({ type: 'phone.take', sid })
    // Taking it is a decision, which has moved the message as well.
    return 'taken' in answer ? { ...answer, is_noted: true } : answer
  },

  test: () => Promise.resolve(null)
}
