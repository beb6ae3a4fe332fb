import { isJsonObject } from '@ringdown/contract/json-text'

/*
 * What errors of Meta's Graph API mean for a message. Numbers are Meta's; those that receipts show are Twilio's, by the table
 * of reference messaging 11 and 12, which is our choice where Twilio has published nothing.
 */

/** An error of the API's, of a webhook or of a status. */
export interface GraphError {
  readonly code: number
  readonly subcode: number | undefined
  readonly text: string
}

/**
 * What to do about it: it is the message's fault (`refused`), the connection's (`trouble`), the network has too much to do or is
 * away (`away`), or only this customer has been sent too much (`wait`).
 */
type Meaning = 'refused' | 'trouble' | 'away' | 'wait'

interface Known {
  readonly meaning: Meaning
  /** Twilio's number. */
  readonly code: number
}

const refused = (code: number): Known => ({ meaning: 'refused', code })
const trouble = (code: number): Known => ({ meaning: 'trouble', code })
const away = (code: number): Known => ({ meaning: 'away', code })

const known: Readonly<Record<string, Known>> = {
  // Its own trouble, and too much of everything.
  '1': away(30008),
  '2': away(30008),
  '4': away(63018),
  '613': away(63018),
  '80007': away(63018),
  '130429': away(63018),
  '131016': away(30008),
  '131057': away(63013),
  '131048': away(63018),
  '131056': { meaning: 'wait', code: 63018 },
  // Who we are, and what we may do.
  '3': trouble(63001),
  '10': trouble(63001),
  '190': trouble(63001),
  '131005': trouble(63001),
  '131031': trouble(63013),
  '131042': trouble(63013),
  '368': trouble(63013),
  '133010': trouble(63007),
  '10/1893063': trouble(63013),
  // The customer, and when something may be said.
  '131047': refused(63016),
  '10/2018278': refused(63016),
  '10/2534022': refused(63016),
  '131026': refused(63024),
  '131021': refused(63024),
  '130472': refused(63024),
  '551': refused(63024),
  '130403': refused(63003),
  '131030': refused(63003),
  '100/2018001': refused(63003),
  '100/2534014': refused(63003),
  '131049': refused(63013),
  '131050': refused(21610),
  // What is said.
  '100': refused(63021),
  '131008': refused(63021),
  '131009': refused(63021),
  '131051': refused(63021),
  '131053': refused(63021),
  '131052': refused(63019),
  '100/2018008': refused(63019),
  '132000': refused(63028),
  '132001': refused(63027),
  '132005': refused(63029),
  '132007': refused(63013),
  '132012': refused(63028),
  '132015': refused(63013),
  '132016': refused(63013)
}

/** What an error means; of one that is not known, that the message is refused with 30008. */
export function meaningOf({ code, subcode }: GraphError): Known {
  return known[`${code}/${subcode}`] ?? known[String(code)] ?? refused(30008)
}

/** The error in the body of an answer; undefined where it has none. */
export function errorIn(answer: unknown): GraphError | undefined {
  return isJsonObject(answer) ? graphErrorOf(answer.error) : undefined
}

/** An error as an answer, or a status, has it. Its text says which number it is, and never what was sent. */
export function graphErrorOf(value: unknown): GraphError | undefined {
  if (!isJsonObject(value)) return undefined
  const { code, error_subcode: subcode, title, message } = value
  if (typeof code !== 'number') return undefined
  const words = [title, message].find((one) => typeof one === 'string' && one !== '')
  const more = typeof subcode === 'number' ? `/${subcode}` : ''
  return {
    code,
    subcode: typeof subcode === 'number' ? subcode : undefined,
    text: `Meta ${code}${more}${words === undefined ? '' : `: ${String(words).slice(0, 200)}`}`
  }
}
