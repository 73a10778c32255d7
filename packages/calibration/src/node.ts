export type { Journal } from './measure/journal.ts'
export { journalOf, openJournal } from './measure/journal.ts'
export type { PlanModule, PlanSource } from './measure/workers.ts'
export { threadWorkers } from './measure/workers.ts'
