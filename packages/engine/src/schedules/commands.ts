import { createSchedule, deleteSchedule, updateSchedule } from './schedule.ts'

export const scheduleCommands = {
  'schedule.create': { decide: createSchedule },
  'schedule.update': { decide: updateSchedule },
  'schedule.delete': { decide: deleteSchedule }
} as const
