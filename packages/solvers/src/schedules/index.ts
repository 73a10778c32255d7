export type { BetaRange } from './beta-schedules.ts'
export { betaSchedules } from './beta-schedules.ts'
export { schedules } from './catalog.ts'
export type { FlowOptions } from './flow.ts'
export { flow } from './flow.ts'
export {
  flowGrid,
  flowGridFrom,
  flowGridOf,
  flowOf,
  flowScale,
  flowTime,
  leastFlowTime,
  shiftedFlow,
  timeOfFlow,
} from './flow-time.ts'
export { iterations } from './iterations.ts'
export type { LevelRange } from './level-grids.ts'
export {
  decayingLevels,
  geometricLevels,
  karrasLevels,
  levelsOf,
  timesOfLevels,
  timesWithin,
} from './level-grids.ts'
export { alphaBar, noiseLevel } from './levels.ts'
export type { Previous } from './pipeline-times.ts'
export { pipelineTimes } from './pipeline-times.ts'
export type { Spacing, TimePair } from './respace.ts'
export { respace, spacings } from './respace.ts'
export type { PathStep, TimeTravelOptions } from './time-travel.ts'
export { timeTravel, travelPath } from './time-travel.ts'
export { firstTime, timeWithin } from './time-within.ts'
export type { VeOptions } from './ve.ts'
export { edm, ve } from './ve.ts'
export type { VpCosineOptions, VpLinearOptions } from './vp.ts'
export { vpCosine, vpFromBetas, vpLinear } from './vp.ts'
export type { VpContinuousOptions } from './vp-continuous.ts'
export { vpContinuous } from './vp-continuous.ts'
export { endingInNoise, zeroTerminalSnr } from './zero-snr.ts'
