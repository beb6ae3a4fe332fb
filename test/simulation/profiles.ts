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

/** Customers write by phone, and what is written to them goes its way. */
const messages = {
  receive: 24,
  addAddress: 5,
  updateAddress: 1,
  deleteAddress: 1,
  handOver: 16,
  reportReceipt: 30,
  read: 60,
  leave: 2,
  addRole: 3,
  giveRole: 2,
  deleteRole: 2,
  addConversation: 6,
  updateConversation: 8,
  deleteConversation: 3,
  addParticipant: 12,
  updateParticipant: 2,
  deleteParticipant: 4,
  addMessage: 12,
  updateMessage: 3,
  deleteMessage: 6,
  addUser: 2,
  deleteUser: 2,
  addWebhook: 2,
  addInteraction: 4,
  endChannel: 2,
  addTask: 30,
  accept: 22,
  reject: 10,
  finish: 12,
  answer: 14,
  callOff: 4,
  transfer: 6,
  moveWorker: 4
} as const

/** What is kept beside contacts, and what is done for agents whose page is closed. */
const desk = {
  addConversation: 8,
  updateConversation: 8,
  deleteConversation: 3,
  addMessage: 4,
  deleteUser: 1,
  addNote: 14,
  updateNote: 14,
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
  park: 10,
  unpark: 9,
  moveWorker: 4
} as const

/** What comes and goes by carriers, in conversations and beside them. */
const channels = {
  addConversation: 14,
  updateConversation: 8,
  deleteConversation: 3,
  addParticipant: 12,
  addMessage: 24,
  deleteMessage: 3,
  addPhone: 10,
  behave: 4,
  deletePhone: 1,
  writeByPhone: 14,
  sendMessage: 20,
  carry: 56,
  give: 8,
  beginGiving: 6,
  report: 16,
  redact: 4,
  receiveLetter: 8,
  receivePart: 6,
  configureMailbox: 1,
  removeMessage: 4,
  addInteraction: 14,
  addTask: 24,
  accept: 8,
  finish: 16,
  answer: 4,
  callOff: 2,
  transfer: 2,
  moveWorker: 14
} as const

/** Numbers and senders are claimed, pooled, given up, and written to and by, while the floor goes on. */
const lines = {
  addConversation: 8,
  updateConversation: 4,
  addParticipant: 8,
  addMessage: 8,
  addPhone: 8,
  writeByPhone: 10,
  carry: 12,
  report: 4,
  addNumber: 12,
  updateNumber: 6,
  deleteNumber: 3,
  addSender: 6,
  deleteSender: 2,
  addApplication: 3,
  deleteApplication: 1,
  addPool: 4,
  updatePool: 4,
  deletePool: 2,
  fillPool: 24,
  emptyPool: 6,
  sendByPool: 24,
  addAddress: 6,
  updateAddress: 4,
  deleteAddress: 3,
  addWebhook: 4,
  updateWebhook: 3,
  deleteWebhook: 2,
  addTask: 44,
  accept: 24,
  reject: 10,
  finish: 32,
  endTask: 3,
  deleteTask: 2,
  answer: 6,
  callOff: 3,
  transfer: 5,
  updateTask: 4,
  moveWorker: 8
} as const

/** Who comes in and goes, while the floor goes on. */
const people = {
  addPerson: 12,
  updatePerson: 14,
  deletePerson: 4,
  signIn: 16,
  stay: 8,
  signOut: 6,
  invite: 10,
  followLink: 8,
  addKey: 8,
  updateKey: 5,
  useKey: 8,
  deleteKey: 4,
  savePreferences: 3,
  addConversation: 2,
  addMessage: 2,
  addTask: 12,
  accept: 8,
  reject: 3,
  finish: 10,
  answer: 4,
  callOff: 2,
  endTask: 2,
  transfer: 5,
  moveWorker: 6,
  deleteWorker: 2
} as const

/** Customers on the phone. */
const voice = {
  addPhoneFor: 2,
  phoneActs: 3,
  phoneGoes: 1,
  addNumber: 1,
  somebodyCalls: 18,
  somebodyActs: 20,
  somebodyAnswers: 24,
  waiterPresses: 8,
  callerGoes: 8,
  programAnswers: 60,
  callOutside: 6,
  callChanges: 6,
  callIsAContact: 6,
  callIsDeleted: 2,
  soundReports: 10,
  instruct: 22,
  callbackInstructs: 5,
  participantChanges: 8,
  participantGoes: 3,
  participantComes: 3,
  taskCallChanges: 4,
  conferenceEnds: 1,
  queueChanges: 2,
  callIsRecorded: 4,
  endChannel: 2,
  addInvite: 3,
  endMember: 3,
  addTask: 30,
  accept: 5,
  reject: 4,
  finish: 8,
  endTask: 3,
  transfer: 6,
  moveWorker: 8,
  addWorker: 1,
  deleteWorker: 1
} as const

/** Customers on pages. */
const webchat = {
  addChatAddress: 2,
  addDeployment: 4,
  updateDeployment: 3,
  deleteDeployment: 2,
  openSession: 26,
  resumeSession: 26,
  touchSession: 8,
  rateSession: 10,
  leaveSession: 5,
  endSession: 3,
  guestWrites: 14,
  guestIsRemoved: 4,
  chatCloses: 10,
  deleteConversation: 3,
  addConversation: 2,
  addInteraction: 6,
  endChannel: 4,
  addTask: 20,
  accept: 18,
  reject: 4,
  finish: 10,
  answer: 8,
  callOff: 3,
  transfer: 6,
  moveWorker: 6
} as const

/** Customers talk to flows, and those who write these change their minds. */
const flows = {
  addBot: 5,
  publishBot: 4,
  deleteBot: 2,
  testBot: 1,
  hearBot: 12,
  startBot: 10,
  tellBot: 44,
  writeToBot: 14,
  answerBot: 16,
  endBot: 4,
  deleteExecution: 3,
  eraseExecution: 5,
  removeHeard: 6,
  addConversation: 8,
  updateConversation: 4,
  deleteConversation: 3,
  addPhone: 2,
  carry: 8,
  redact: 2,
  removeMessage: 2,
  deleteWebhook: 1,
  addTask: 16,
  accept: 16,
  reject: 3,
  finish: 12,
  answer: 4,
  callOff: 2,
  transfer: 4,
  moveWorker: 5
} as const

/** Contacts that flows take up and agents hand on. */
const engagements = {
  addConversation: 4,
  updateConversation: 4,
  deleteConversation: 1,
  addFlow: 3,
  updateFlow: 3,
  deleteFlow: 1,
  receive: 16,
  addChat: 6,
  addWebChat: 4,
  sayInChat: 6,
  endWebChat: 3,
  deleteChat: 2,
  handOn: 30,
  endTransfer: 8,
  addInteraction: 16,
  endChannel: 4,
  addInvite: 4,
  addMember: 2,
  endMember: 5,
  accept: 40,
  reject: 9,
  finish: 14,
  endTask: 3,
  deleteTask: 2,
  answer: 4,
  callOff: 2,
  transfer: 4,
  moveWorker: 4,
  deleteWorker: 1,
  updateWorkflow: 1,
  deleteWorkflow: 1
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
  /** Many messages by phone, each with what becomes of it. */
  messages: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000, 600_000],
    acts: messages
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
  },
  /** Customers write by phones, and are answered; carriers are away, lose answers, and report late. */
  channels: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000],
    acts: channels
  },
  /** What is ours changes while customers write to it, and while it writes to them. */
  lines: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000],
    acts: lines
  },
  /** People sign in and out, are let in and taken out, and programs have keys. */
  people: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 60_000],
    acts: people
  },
  /** Customers come by pages, come back, rate and leave, and those who keep deployments change their minds. */
  webchat: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 20_000, 61_000, 3_600_000, 90_000_000],
    acts: webchat
  },
  /** Customers call, wait, are taken, handed on and listened to; nothing of what anybody does is expected by the others. */
  voice: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    reservation_timeout: [60, 120],
    pass_ms: [0, 0, 0, 1, 500, 2_000, 5_000, 20_000, 61_000, 3_600_000],
    acts: voice
  },
  /** Customers are answered by flows, which wait, ask, loop, hand over and fail. */
  flows: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    pass_ms: [0, 0, 1, 500, 2_000, 20_000, 1_000_000, 3_700_000],
    acts: flows
  },
  /** Customers write, and who has them hands them on, parks them, and takes them up again. */
  engagements: {
    ...floor,
    hasBook: false,
    queues: 2,
    plain: 90,
    timeouts: 15,
    reservation_timeout: [60, 120],
    pass_ms: [0, 0, 0, 1, 500, 2_000, 2_000, 20_000, 60_000],
    acts: engagements
  }
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
