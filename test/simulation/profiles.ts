import type { ActName } from './workload.ts'

/** What kind of day it is. Weights are relative. */
export interface Profile {
  readonly workers: number
  readonly queues: number
  /** How many may be available at the same time. */
  readonly available_workers: number
  /** Whether the auditor can follow all that happens by its book. */
  readonly hasBook: boolean
  readonly multi_task_enabled: boolean
  /** Chances in percent. */
  readonly timeouts: number
  readonly skips: number
  readonly orders: number
  /** That a queue takes everybody, a workflow has but one target, and a task comes on the default channel. */
  readonly plain: number
  readonly max_reserved: readonly number[]
  readonly reservation_timeout: readonly number[]
  readonly pass_ms: readonly number[]
  readonly acts: Readonly<Partial<Record<ActName, number>>>
}

const usual = {
  addTask: 30,
  accept: 16,
  reject: 5,
  finish: 14,
  updateTask: 8,
  endTask: 3,
  deleteTask: 2,
  callOff: 1,
  answer: 6,
  transfer: 7,
  takeBack: 2,
  addWorker: 1,
  deleteWorker: 1,
  moveWorker: 8,
  teachWorker: 3,
  setChannel: 5,
  updateQueue: 2,
  addQueue: 1,
  deleteQueue: 1,
  updateWorkflow: 2,
  addWorkflow: 1,
  deleteWorkflow: 1,
  changeActivity: 1,
  changeTaskChannel: 1,
  updateWorkspace: 1,
  otherWorkspace: 1
}

/** More of what needs a row that may be gone than of what makes one. */
const contacts = {
  addConversation: 16,
  updateConversation: 14,
  deleteConversation: 4,
  addParticipant: 12,
  updateParticipant: 6,
  deleteParticipant: 4,
  addMessage: 12,
  updateMessage: 8,
  deleteMessage: 4,
  addUser: 6,
  updateUser: 6,
  deleteUser: 3,
  addWebhook: 5,
  updateWebhook: 4,
  deleteWebhook: 2,
  addInteraction: 24,
  updateInteraction: 4,
  endChannel: 8,
  addInvite: 7,
  addMember: 6,
  endMember: 6,
  addTask: 2,
  accept: 26,
  reject: 3,
  finish: 16,
  updateTask: 2,
  endTask: 3,
  deleteTask: 1,
  answer: 8,
  callOff: 2,
  transfer: 5,
  moveWorker: 6,
  deleteWorker: 1
} as const

/** What is kept beside contacts, and what is done for agents whose page is closed. */
const desk = {
  addConversation: 8,
  updateConversation: 8,
  deleteConversation: 3,
  addMessage: 4,
  deleteUser: 1,
  addNote: 14,
  updateNote: 10,
  deleteNote: 4,
  addPerson: 3,
  deletePerson: 1,
  savePreferences: 6,
  addResponse: 8,
  updateResponse: 8,
  deleteResponse: 3,
  importResponses: 4,
  addInteraction: 16,
  endChannel: 3,
  addTask: 16,
  accept: 6,
  reject: 3,
  finish: 24,
  endTask: 4,
  deleteTask: 2,
  callOff: 4,
  answer: 8,
  transfer: 5,
  automate: 5,
  extendWrapUp: 10,
  moveWorker: 4
} as const

const floor: Profile = {
  workers: 5,
  queues: 3,
  available_workers: 7,
  hasBook: true,
  multi_task_enabled: true,
  timeouts: 40,
  skips: 15,
  orders: 40,
  plain: 5,
  max_reserved: [1, 1, 2],
  reservation_timeout: [10, 30, 120],
  pass_ms: [0, 0, 0, 1, 500, 2_000, 2_000, 7_000, 20_000],
  acts: usual
}

export const profiles = {
  /** Much work, little that changes. */
  busy: floor,
  /** Everybody and everything comes and goes. */
  churn: {
    ...floor,
    acts: {
      ...usual,
      addWorker: 5,
      deleteWorker: 4,
      moveWorker: 12,
      teachWorker: 10,
      setChannel: 10,
      updateQueue: 8,
      addQueue: 2,
      deleteQueue: 3,
      updateWorkflow: 6,
      changeActivity: 4,
      changeTaskChannel: 4,
      updateWorkspace: 3,
      otherWorkspace: 3
    }
  },
  /** Too few workers: tasks wait, go from target to target, and run out of time. */
  escalation: {
    ...floor,
    workers: 2,
    timeouts: 85,
    skips: 40,
    pass_ms: [0, 1_000, 4_000, 5_000, 10_000, 60_000],
    acts: { ...usual, addTask: 40, accept: 8, reject: 10, updateTask: 16, updateWorkflow: 12, moveWorker: 12 }
  },
  /** Several are asked at once. */
  multi: {
    ...floor,
    workers: 6,
    max_reserved: [2, 3, 4],
    reservation_timeout: [2, 10, 30],
    acts: { ...usual, reject: 14, callOff: 3, updateTask: 12 }
  },
  /** One queue and few rules, so that many tasks meet the same workers in the same place, who are more or less busy. */
  steady: {
    ...floor,
    workers: 4,
    queues: 1,
    timeouts: 10,
    skips: 0,
    orders: 85,
    plain: 90,
    reservation_timeout: [120],
    pass_ms: [0, 0, 1, 500, 2_000],
    acts: { ...usual, addTask: 60, accept: 40, finish: 50, updateTask: 4, endTask: 1, deleteTask: 1, moveWorker: 4 }
  },
  /** So many workers that more of them change at once than a router cares to look at one by one. */
  crowd: {
    ...floor,
    workers: 22,
    available_workers: 24,
    acts: { ...usual, addTask: 50, updateQueue: 12, updateWorkflow: 6, changeActivity: 5, updateWorkspace: 4 }
  },
  /** What somebody has goes to somebody else, and back. */
  handover: {
    ...floor,
    queues: 2,
    max_reserved: [1, 2],
    reservation_timeout: [5, 30],
    acts: {
      ...usual,
      accept: 34,
      reject: 12,
      finish: 14,
      endTask: 4,
      answer: 10,
      transfer: 60,
      takeBack: 8,
      updateWorkflow: 5
    }
  },
  /** One task at a time: queues move workers through activities. */
  single: {
    ...floor,
    multi_task_enabled: false,
    reservation_timeout: [5, 10, 30],
    acts: { ...usual, moveWorker: 20, setChannel: 2, updateWorkspace: 3 }
  },
  /** Little happens, over many days. */
  days: {
    ...floor,
    reservation_timeout: [120],
    pass_ms: [0, 20_000, 40_000, 60_000, 80_000, 90_000, 90_000, 600_000, 30_000_000],
    acts: { ...usual, answer: 12 }
  },
  /** Customers write, agents join, and most of it is over soon and leaves memory; then somebody comes back to it. */
  contacts: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000, 600_000],
    acts: contacts
  },
  /** Agents note and answer with what they often say, and much is done for them. */
  desk: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000],
    acts: desk
  }
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
