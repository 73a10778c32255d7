export { loadAdm } from './adm/load.ts'
export type { ConvertedCheckpoint } from './checkpoint/convert.ts'
export { convertCheckpoint } from './checkpoint/convert.ts'
export {
  readCheckpoint,
  readJson,
  readParams,
  readSafetensors,
  saveSafetensors,
  writeAtomically,
} from './checkpoint/file.ts'
export { fileSource, readRegularFile } from './checkpoint/regular-file.ts'
export type { LoadedPrior } from './checkpoint/shipped.ts'
export { loadDdpm, loadShippedPrior, shippedPriors } from './checkpoint/shipped.ts'
export { mnistTestSet, mnistTrainingSet, npmDigits, readIdx, readIdxImages } from './data/files.ts'
export type { LossLine, TrainCommand, TrainRecord } from './train/command.ts'
export { readRecord, trainFromCommand } from './train/command.ts'
export type { RunIdentity } from './train/state-file.ts'
export { loadTrainState, saveTrainState } from './train/state-file.ts'
export { workerShards } from './train/worker-pool.ts'
