import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'

/**
 * Labels as int32, those of NumPy's or PyTorch's int64, read as float64, cast exactly.
 * @param classes - They are 0 … classes − 1.
 * @param option - What messages call them.
 * @throws {OptionError} for a value that is none of them, naming it and its place.
 */
export function classLabels(y: Tensor, classes: number, option: string): Tensor {
  const values = y.dataSync()
  const wrong = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  if (wrong >= 0)
    throw new OptionError(
      option,
      `must be class labels 0 … ${classes - 1}, got ${values[wrong]} at index ${wrong}`,
    )
  return y.dtype === 'int32' ? y : y.cast('int32')
}
