import { existsSync } from 'node:fs'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { readRegularFile } from '../checkpoint/regular-file.ts'
import { objectOf } from '../fields.ts'
import type { SchedulerSaid } from './scheduler-words.ts'
import { saidByScheduler } from './scheduler-words.ts'

/** A scheduler_config.json is at most this long: βs of its own are a few MB. */
const longest = 2 ** 24

/** Infinity and NaN, as Python writes them into JSON, which knows none; or a text, which may hold the same letters. */
const pythonNumber = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g

/**
 * A `scheduler_config.json` as diffusers writes it: numbers that JSON does not know become texts.
 * @param name - Its class, where `model_index.json` says another: diffusers makes one of that class from the file.
 * @throws {FileFormatError} where it is not there, damaged, or asks for what is not supported.
 */
export function readScheduler(path: string, name?: string): SchedulerSaid {
  const text = new TextDecoder().decode(readRegularFile(path, longest))
  const json = text.replace(pythonNumber, (found) => (found.startsWith('"') ? found : `"${found}"`))
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch (error) {
    throw new FileFormatError(path, `is not JSON: ${(error as Error).message}`)
  }
  if (name === undefined) return saidByScheduler(fields, path)
  return saidByScheduler({ ...objectOf(path, fields), _class_name: name }, path)
}

/**
 * A scheduler that a user tells: the path of a `scheduler_config.json`, or words such as
 * `DDPMScheduler:num_train_timesteps=200,prediction_type=v_prediction`, a class and fields of such a file.
 * @param path - Where a file of that name would be.
 * @throws {OptionError} naming the option `scheduler`, for what is neither.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function toldScheduler(told: string, path = told): SchedulerSaid {
  if (existsSync(path)) return readScheduler(path)
  const [, name, list] = /^(\w+)(?::(.+))?$/.exec(told) ?? []
  const pairs = list?.split(',').map((pair) => /^(\w+)=(.+)$/.exec(pair)) ?? []
  if (name === undefined || pairs.includes(null)) {
    throw new OptionError(
      'scheduler',
      `'${told}' is neither a file nor such as DDPMScheduler:num_train_timesteps=1000,beta_schedule=linear`,
    )
  }
  const fields = pairs.map((pair) => [pair?.[1] ?? '', plainValue(pair?.[2] ?? '')] as const)
  return saidByScheduler({ _class_name: name, ...Object.fromEntries(fields) }, `scheduler '${name}'`)
}

/** What a word stands for in JSON: a number, true, false or null; else itself. */
function plainValue(word: string): unknown {
  if (word === 'true' || word === 'false') return word === 'true'
  if (word === 'null') return null
  return word.trim() !== '' && Number.isFinite(Number(word)) ? Number(word) : word
}
