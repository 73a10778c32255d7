import type { Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError } from '@tweedie/tensor'
import { classLabels } from '../../layers/labels.ts'
import type { AdmConfig } from './config.ts'

/** Whether x, t and y are what a configuration runs on; what is wrong is an error of `admForward`. */
export function checkInput(
  config: AdmConfig,
  x: Tensor,
  t: number | Tensor,
  y: number | Tensor | undefined,
): void {
  const [n, channels, height, width] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels)
    throw new ShapeError('admForward', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  const factor = 2 ** (config.channelMult.length - 1)
  if (height! % factor !== 0 || width! % factor !== 0 || height === 0 || width === 0)
    throw new ShapeError('admForward', `height and width must be multiples of ${factor}`, [x.shape])
  const perImage = (v: Tensor) => v.rank === 1 && (v.shape[0] === n || v.shape[0] === 1)
  if (typeof t !== 'number' && !perImage(t))
    throw new ShapeError('admForward', `t must be a number or one time per image, [${n}]`, [t.shape])
  if (config.numClasses === null) {
    if (y !== undefined) throw new OptionError('y', 'the network has no classes (numClasses is null)')
    return
  }
  const range = `0 … ${config.numClasses - 1}`
  if (y === undefined) throw new OptionError('y', `the network needs a class label, ${range}`)
  if (typeof y === 'number') {
    if (!Number.isInteger(y) || y < 0 || y >= config.numClasses)
      throw new OptionError('y', `must be a class label ${range}, got ${y}`)
  } else if (!perImage(y)) {
    throw new ShapeError('admForward', `y must be a label or labels, one per image, [${n}]`, [y.shape])
  }
}

/**
 * Labels as int32: those of NumPy's or PyTorch's int64, read as float64, are cast, and exactly.
 * @throws {OptionError} for a value that is no class of the network, naming it and its place.
 */
export const labelsOf = (config: AdmConfig, y: Tensor): Tensor =>
  y.dtype === 'int32' ? y : classLabels(y, config.numClasses ?? 0, 'y')
